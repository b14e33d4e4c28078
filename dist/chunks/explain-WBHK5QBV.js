import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{a as $}from"./chunk-EO3Z3DXY.js";import"./chunk-7MF4S57O.js";import"./chunk-IXAEGURN.js";import"./chunk-MFU4OJKC.js";import{a as y}from"./chunk-QA5EUAWM.js";import"./chunk-VBKV7VKC.js";import{A as w}from"./chunk-BOCRDQWA.js";import"./chunk-PS43772T.js";import"./chunk-T4A74NR5.js";import"./chunk-ORF5U5XY.js";import{b as h}from"./chunk-AZABKTL3.js";import"./chunk-U2SVKAMI.js";import"./chunk-ZCAPMY5B.js";import"./chunk-XK4YCGF6.js";import"./chunk-BWJRFI5K.js";import{a as u}from"./chunk-2IWH7BPO.js";import{a as c}from"./chunk-CRR3TTFO.js";import{n as m}from"./chunk-V36FFIT4.js";import"./chunk-T3X34QRB.js";import{a}from"./chunk-SDVICFDL.js";import{existsSync as v,readFileSync as b}from"node:fs";import{resolve as x}from"node:path";var O=`
Examples:
  keyguard explain config.yml       all that looked like a part of a credential
  keyguard explain config.yml:12    on this line only
  keyguard explain --json config.yml

Exit codes: 0 explained, 2 could not be read.`,I={define(t,n,o){t.argument("<file[:line]>","a file, and a line of it").option("--json","as JSON").option("-c, --config <file>","this configuration (JSON or YAML) and not the repository's").option("--no-config","no configuration at all").addHelpText("after",O).action(async(e,r)=>{let{path:i,line:l}=S(e,n.cwd),g=await y({cwd:n.cwd,env:n.env,paths:[i],config:r.config,baseline:!1}),f=[],p=[],k=h(g.config.exclude);if(await $({cwd:n.cwd,paths:[i],env:n.env},{onText:a(d=>{k(d.path)&&n.stderr.write(`keyguard: note: ${c(d.path)} is excluded by the configuration
`);for(let s of w(d,g.rules))(l===null||s.line<=l&&l<=s.endLine)&&f.push(s)},"onText"),onUnread:a((d,s)=>p.push(`${d}: ${s}`),"onUnread")}),p.length>0)throw new u("unread",p.join(`
`));l!==null&&f.length===0&&j(x(n.cwd,i),i,l),r.json?n.stdout.write(`${JSON.stringify(f,null,2)}
`):C(f,n.stdout),o(0)})}};function S(t,n){let[,o,e]=/^(.+?):(\d+)(?::\d+)?:?$/.exec(t)??[];return o===void 0||e===void 0||v(x(n,t))?{path:t,line:null}:{path:o,line:Number(e)}}a(S,"splitLine");function j(t,n,o){let e=b(t),r=e.length>0&&e.at(-1)!==10?1:0;for(let i=e.indexOf(10);i>=0;i=e.indexOf(10,i+1))r++;if(!(o>=1&&o<=r))throw new u("usage",`${n} has no line ${o}: it has ${m(r,"line")}`)}a(j,"checkLine");function C(t,n){if(t.length===0){n.write(`nothing here looked like a part of a credential
`);return}for(let e of t){let r=e.reported?"reported":"clean   ",i=e.via.length===0?"":` (read through ${e.via.join(", ")})`;n.write(`${r}  ${c(e.path)}:${e.line}:${e.column}  ${e.detector}  ${c(e.masked)}${i}
`),n.write(`          ${c(e.why.replace(/^reported: /,""))}
`)}let o=t.filter(e=>e.reported).length;n.write(`${m(t.length,"candidate")}, ${o} reported
`)}a(C,"describe");export{I as command};
