import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{a as y}from"./chunk-KSX4P7IQ.js";import"./chunk-7MF4S57O.js";import"./chunk-IXAEGURN.js";import"./chunk-MFU4OJKC.js";import{a as $}from"./chunk-EDTS724E.js";import"./chunk-HWPXVJJ3.js";import{v as w}from"./chunk-SLBJZPZV.js";import"./chunk-PS43772T.js";import"./chunk-T4A74NR5.js";import"./chunk-ORF5U5XY.js";import{b as h}from"./chunk-AZABKTL3.js";import"./chunk-UFKQ5KMJ.js";import"./chunk-ZCAPMY5B.js";import"./chunk-BWJRFI5K.js";import{a as u}from"./chunk-2IWH7BPO.js";import{a as l}from"./chunk-CRR3TTFO.js";import{n as g}from"./chunk-V36FFIT4.js";import"./chunk-T3X34QRB.js";import{a}from"./chunk-SDVICFDL.js";import{existsSync as k}from"node:fs";import{resolve as v}from"node:path";var b=`
Examples:
  keyguard explain config.yml       all that looked like a part of a credential
  keyguard explain config.yml:12    on this line only
  keyguard explain --json config.yml

Exit codes: 0 explained, 2 could not be read.`,H={define(t,n,o){t.argument("<file[:line]>","a file, and a line of it").option("--json","as JSON").option("-c, --config <file>","this configuration (JSON or YAML) and not the repository's").option("--no-config","no configuration at all").addHelpText("after",b).action(async(e,d)=>{let{path:s,line:c}=O(e,n.cwd),m=await $({cwd:n.cwd,env:n.env,paths:[s],config:d.config,baseline:!1}),f=[],p=[],x=h(m.config.exclude);if(await y({cwd:n.cwd,paths:[s],env:n.env},{onText:a(r=>{x(r.path)&&n.stderr.write(`keyguard: note: ${l(r.path)} is excluded by the configuration
`);for(let i of w(r,m.rules))(c===null||i.line<=c&&c<=i.endLine)&&f.push(i)},"onText"),onUnread:a((r,i)=>p.push(`${r}: ${i}`),"onUnread")}),p.length>0)throw new u("unread",p.join(`
`));d.json?n.stdout.write(`${JSON.stringify(f,null,2)}
`):j(f,n.stdout),o(0)})}};function O(t,n){let[,o,e]=/^(.+?):(\d+)(?::\d+)?:?$/.exec(t)??[];return o===void 0||e===void 0||k(v(n,t))?{path:t,line:null}:{path:o,line:Number(e)}}a(O,"splitLine");function j(t,n){if(t.length===0){n.write(`nothing here looked like a part of a credential
`);return}for(let e of t){let d=e.reported?"reported":"clean   ",s=e.via.length===0?"":` (read through ${e.via.join(", ")})`;n.write(`${d}  ${l(e.path)}:${e.line}:${e.column}  ${e.detector}  ${l(e.masked)}${s}
`),n.write(`          ${l(e.why.replace(/^reported: /,""))}
`)}let o=t.filter(e=>e.reported).length;n.write(`${g(t.length,"candidate")}, ${o} reported
`)}a(j,"describe");export{H as command};
