#!/usr/bin/env node
import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{a as c}from"./chunks/chunk-FDHZBTDK.js";import{a as r}from"./chunks/chunk-SDVICFDL.js";var[i,a]=[20,19],[d=0,m=0]=process.versions.node.split(".").map(Number);d<i||d===i&&m<a?(process.stderr.write(`keyguard: error: Node ${process.versions.node} is too old: keyguard needs ${i}.${a} or newer
hint: install a current Node from https://nodejs.org, or run keyguard with another one: /path/to/node dist/keyguard.js
`),process.exitCode=2):process.exitCode=await w();async function w(){let e=new AbortController;for(let n of["SIGINT","SIGTERM"])process.on(n,()=>{e.signal.aborted&&process.exit(2),e.abort(),setTimeout(()=>process.exit(2),2e3).unref()});let t=r(n=>{process.stderr.write(u(n)),process.exit(2)},"fail");process.on("uncaughtException",t),process.on("unhandledRejection",t);let o={cwd:process.cwd(),env:process.env,get stdin(){return Object.assign(process.stdin,{isTerminal:process.stdin.isTTY===!0})},stdout:p(process.stdout),stderr:p(process.stderr),now:r(()=>new Date,"now"),signal:e.signal,version:c.version},{runCommandLine:s}=await import("./chunks/command-line-S5D4NWEE.js");try{return await s(process.argv.slice(2),o)}catch(n){return o.stderr.write(u(n)),2}}r(w,"start");function p(e){e.on("error",s=>{s.code==="EPIPE"&&process.exit(process.exitCode??2),e===process.stdout&&process.stderr.write(`keyguard: error: standard output cannot be written to (${s.code??s.name})
`),process.exit(2)});let t=e.isTTY===!0,o=(process.env.NO_COLOR??"")!==""||process.env.TERM==="dumb";return{write:r(s=>{e.write(s)},"write"),isTerminal:t,color:t&&!o,width:e.columns||80}}r(p,"outputOf");function u(e){let t=e instanceof Error?e.name:typeof e,o=e instanceof Error?`${e.name}: ${e.message}
`:"",s=e instanceof Error?e.stack??"":"",n=o!==""&&s.startsWith(o)?s.slice(o.length).split(`
`).slice(0,6):[];return`keyguard: error: this is a bug in keyguard (${t})
hint: please report it with these lines, which hold nothing of what was scanned
`+n.map(l=>`${l}
`).join("")}r(u,"describeBug");
