import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{f as m}from"./chunk-WLRXCYCP.js";import{a as f}from"./chunk-OUHXFGOL.js";import"./chunk-GKAXTX3Y.js";import"./chunk-TRUBU2DT.js";import"./chunk-6ZTJ4PJI.js";import"./chunk-MFU4OJKC.js";import{d as h}from"./chunk-2WAVJBCH.js";import"./chunk-ZTO7GAFR.js";import"./chunk-3ADOPBR2.js";import{a as p,c as u}from"./chunk-QA5EUAWM.js";import"./chunk-VBKV7VKC.js";import"./chunk-BOCRDQWA.js";import"./chunk-PS43772T.js";import"./chunk-T4A74NR5.js";import"./chunk-ORF5U5XY.js";import"./chunk-AZABKTL3.js";import"./chunk-U2SVKAMI.js";import"./chunk-MMXTNZXU.js";import"./chunk-ZCAPMY5B.js";import"./chunk-ZWNUV3UL.js";import"./chunk-XK4YCGF6.js";import"./chunk-BWJRFI5K.js";import"./chunk-2IWH7BPO.js";import"./chunk-XPN3LKKK.js";import"./chunk-7KTHUZIT.js";import{a as d}from"./chunk-CRR3TTFO.js";import{n as c}from"./chunk-V36FFIT4.js";import"./chunk-T3X34QRB.js";import"./chunk-SDVICFDL.js";import{resolve as b}from"node:path";var k=`
A baseline lets a repository with old findings start to guard itself: what it knows
is let pass, what is new fails. It holds hashes of the secrets and nothing else, so
moves, squashes and rebases leave it valid. What it lets pass is still leaked:
rotate it, then write the baseline anew.

Examples:
  keyguard baseline                    writes .keyguard-baseline.json
  keyguard baseline --history          and lets pass what only history holds
  keyguard baseline --output old.json  keyguard scan --baseline old.json reads it

Exit codes: 0 written, 2 could not finish, or something could not be read.`,A={define(w,e,g){w.argument("[path...]","files and folders to scan; the whole working tree without any").option("--history","also what history holds: every object that git keeps").option("-o, --output <file>","where it goes (default: .keyguard-baseline.json at the top of the repository)").option("-c, --config <file>","this configuration (JSON or YAML) and not the repository's").option("--no-config","no configuration at all").option("-q, --quiet","no progress and no notes on standard error").addHelpText("after",k).action(async(i,o)=>{let s=await p({cwd:e.cwd,env:e.env,paths:i,config:o.config,baseline:!1}),a=o.quiet===!0,n=[await f({mode:"tree",paths:i},s,e,a)];if(o.history===!0){let{scanHistory:t}=await import("./scan-history-BJ425RPC.js");n.push(await t({dir:s.root,quiet:a},s,e))}let l=o.output===void 0?s.baselinePath:b(e.cwd,o.output),r=new Set(n.flatMap(({findings:t})=>t.map(({fingerprint:y})=>y)));h(l,r);for(let t of n)e.stderr.write(m(t));a||(e.stdout.write(`${d(u(e.cwd,l))}: ${c(r.size,"credential")} let pass from now on
`),r.size>0&&e.stderr.write(`keyguard: note: they are still leaked: keyguard scan --no-baseline lists them
`)),g(n.every(({complete:t})=>t)?0:2)})}};export{A as command};
