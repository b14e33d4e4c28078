import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{c as p}from"./chunk-WBFC733I.js";import{a as s}from"./chunk-SDVICFDL.js";var g=["bash","zsh","fish","powershell"],h=`
Examples:
  source <(keyguard completion bash)                  in ~/.bashrc
  keyguard completion zsh > "\${fpath[1]}/_keyguard"    once
  keyguard completion fish > ~/.config/fish/completions/keyguard.fish
  keyguard completion powershell | Out-String | Invoke-Expression`,v={define(n,e,o){n.addArgument(new p("<shell>","the shell to complete in").choices(g)).addHelpText("after",h).action(async t=>{let{buildProgram:r}=await import("./command-line-S5D4NWEE.js");e.stdout.write(w(t,y(await r(e,"all",o)))),o(0)})}};function y(n){return n.createHelp().visibleCommands(n).map(e=>({name:e.name(),about:e.summary()||e.description(),options:[e,...e.commands].flatMap(o=>b(o)).filter(C),words:k(e,n)}))}s(y,"describeProgram");function b(n){return n.createHelp().visibleOptions(n).map(e=>({flags:[e.short,e.long].filter(o=>o!=null),about:e.description,values:e.required||e.optional?e.argChoices??[]:null}))}s(b,"optionsOf");function C(n,e,o){return o.findIndex(t=>t.flags.join()===n.flags.join())===e}s(C,"isFirst");function k(n,e){return n.name()==="help"?e.commands.map(o=>o.name()):n.commands.length>0?n.commands.map(o=>o.name()):n.registeredArguments[0]?.argChoices??[]}s(k,"wordsOf");function w(n,e){switch(n){case"bash":return _(e);case"zsh":return O(e);case"fish":return j(e);case"powershell":return M(e)}}s(w,"writeCompletion");function _(n){let e=n.flatMap(({name:t,options:r})=>r.filter(a=>a.values!==null).map(({flags:a,values:i})=>`    ${a.map(c=>`${t}:${c}`).join("|")}) words='${(i??[]).join(" ")}' ;;`)),o=n.map(({name:t,options:r,words:a})=>{let i=r.flatMap(l=>l.flags).join(" ");return`      ${t}) case "$cur" in -*) words='${i}' ;; *) words='${a.join(" ")}' ;; esac ;;`});return`# bash completion for keyguard: source <(keyguard completion bash)
_keyguard() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${n.map(({name:t})=>t).join(" ")} --help --version' -- "$cur"))
    return
  fi
  case "\${COMP_WORDS[1]}:$prev" in
${e.join(`
`)}
    *) case "\${COMP_WORDS[1]}" in
${o.join(`
`)}
    esac ;;
  esac
  # Nothing of ours fits: -o default completes file names.
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _keyguard keyguard
`}s(_,"writeBash");function O(n){let e=s(r=>r.replace(/[[\]:\\]/g,"\\$&").replaceAll("'","'\\''"),"inSpec"),o=n.map(({name:r,about:a})=>`    '${r}:${e(a)}'`),t=n.map(({name:r,options:a,words:i})=>{let l=a.flatMap(({flags:u,about:m,values:d})=>u.map(f=>{let $=d===null?"":`:value:${d.length>0?`(${d.join(" ")})`:"_files"}`;return`'*${f}[${e(m)}]${$}'`})),c=i.length>0?`'1:word:(${i.join(" ")})'`:"'*:file:_files'";return`    ${r}) _arguments -s ${[...l,c].join(` \\
      `)} ;;`});return`#compdef keyguard
# zsh completion for keyguard: keyguard completion zsh > "\${fpath[1]}/_keyguard"
_keyguard() {
  local -a commands=(
${o.join(`
`)}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${t.join(`
`)}
  esac
}
if [ "$funcstack[1]" = _keyguard ]; then _keyguard "$@"; else compdef _keyguard keyguard; fi
`}s(O,"writeZsh");function j(n){let e=s(t=>`'${t.replace(/[\\']/g,"\\$&")}'`,"quote"),o=["# fish completion for keyguard: keyguard completion fish > ~/.config/fish/completions/keyguard.fish"];for(let{name:t,about:r,options:a,words:i}of n){o.push(`complete -c keyguard -n __fish_use_subcommand -f -a ${t} -d ${e(r)}`);let l=`-n '__fish_seen_subcommand_from ${t}'`;i.length>0&&o.push(`complete -c keyguard ${l} -f -a ${e(i.join(" "))}`);for(let c of a){let u=c.flags.map(d=>d.startsWith("--")?`-l ${d.slice(2)}`:`-s ${d.slice(1)}`),m=c.values===null?"":c.values.length>0?` -x -a ${e(c.values.join(" "))}`:" -r";o.push(`complete -c keyguard ${l} ${u.join(" ")}${m} -d ${e(c.about)}`)}}return`${o.join(`
`)}
`}s(j,"writeFish");function M(n){let e=s(r=>`'${r.replaceAll("'","''")}'`,"quote"),o=s(r=>`@(${r.map(e).join(", ")})`,"list");return`# PowerShell completion for keyguard: keyguard completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName keyguard -ScriptBlock {
  param($word, $line, $cursor)
  $table = @{
${n.map(({name:r,options:a,words:i})=>`    ${e(r)} = ${o([...i,...a.flatMap(({flags:l})=>l)])}`).join(`
`)}
  }
  $typed = @($line.CommandElements | ForEach-Object { $_.Extent.Text })
  $choices = if ($typed.Count -lt 2 -or ($typed.Count -eq 2 -and $word)) { $table.Keys } else { $table[$typed[1]] }
  $choices | Where-Object { $_ -like "$word*" } | Sort-Object | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`}s(M,"writePowershell");export{v as command,y as describeProgram,w as writeCompletion};
