import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{a as E}from"./chunk-CRR3TTFO.js";import{b as O,e as g,f as N,g as D,h as F,i as W,j as A,k,l as L,m as j,n as u,p as y,q as M,t as H}from"./chunk-V36FFIT4.js";import"./chunk-T3X34QRB.js";import{a as c}from"./chunk-SDVICFDL.js";import{createHash as le}from"node:crypto";function v(e,t){return`${e} ${t}${e===1?"":"s"}`}c(v,"some");function b(e){let t=Math.abs(e);if(t<6e4)return"less than a minute";if(t<36e5)return v(Math.floor(t/6e4),"minute");if(t<2*864e5)return v(Math.floor(t/36e5),"hour");let n=Math.floor(t/864e5);if(n<60)return v(n,"day");let a=Math.floor(t/(30.4375*864e5));if(a<12)return v(a,"month");let r=Math.floor(a/12);return a%12===0?v(r,"year"):`${v(r,"year")} ${v(a%12,"month")}`}c(b,"describeDuration");var I=["Jan","Feb","Mar","Apr","May","Jun","Jul","Aug","Sep","Oct","Nov","Dec"];function U(e,t,n){let a=t-e;if(!(a>0))return[];for(let r of[1,3,6,12,24,60,120]){if(a/(r*30.4375*864e5)>n||a<2*30.4375*864e5)continue;let s=[],l=new Date(e),m=l.getUTCFullYear()*12+l.getUTCMonth()+1;for(let i=Math.ceil(m/r)*r;;i+=r){let d=Date.UTC(Math.floor(i/12),i%12,1);if(d>t)return s;let p=Math.floor(i/12);s.push({at:d,label:i%12===0?String(p):`${I[i%12]}${r<12&&a>330*864e5?"":` ${p}`}`})}}for(let r of[6e4,10*6e4,36e5,3*36e5,12*36e5,864e5,2*864e5,7*864e5,14*864e5]){if(a/r>n)continue;let s=[];for(let l=Math.ceil(e/r)*r;l<=t;l+=r){let m=new Date(l).toISOString();s.push({at:l,label:r<864e5?m.slice(11,16):`${Number(m.slice(8,10))} ${I[Number(m.slice(5,7))-1]}`})}return s}return[]}c(U,"timeTicks");var $=class{static{c(this,"Markup")}source;constructor(t){this.source=t}},Z={"&":"&amp;","<":"&lt;",">":"&gt;",'"':"&quot;","'":"&#39;","`":"&#96;"};function G(e){return E(e).replace(/[&<>"'`]/g,t=>Z[t]??t)}c(G,"escapeHtml");function P(e){return e===null?"":e instanceof $?e.source:typeof e=="string"||typeof e=="number"?G(String(e)):e.map(P).join("")}c(P,"toSource");function o(e,...t){let n=e[0]??"";return t.forEach((a,r)=>{n+=P(a)+(e[r+1]??"")}),new $(n)}c(o,"html");var Q=60;function x(e){return e.flatMap(t=>{let n=Date.parse(t.exposure?.introduced?.date??"");if(Number.isNaN(n))return[];let a=Date.parse(t.exposure?.removed?.date??""),r=t.exposure?.atHead===!1&&!Number.isNaN(a);return[{finding:t,from:n,removed:r?Math.max(a,n):null}]}).toSorted((t,n)=>t.from-n.from)}c(x,"exposedOf");function w(e){return`${e.toFixed(3)}%`}c(w,"percent");function B(e,t,n){let a=x(e);if(a.length===0)return null;let r=Math.min(...a.map(({from:h})=>h)),s=Math.max(t??0,...a.map(({from:h,removed:Y})=>Y??h)),l=Math.max((s-r)*.02,6e4),m=r-l,i=s+(t===null?l:0),d=c(h=>(h-m)/(i-m)*100,"at"),p=U(m,i,8).map(h=>({...h,x:d(h.at)})),f=a.slice(0,Q);return o`<section aria-labelledby="timeline">
<h2 id="timeline">Exposure over time</h2>
<p>From the commit that brought each credential to the one that took it out of the files. Who cloned before keeps it; it stays in the history until that is rewritten.</p>
<div class="timeline">
<div class="axis" aria-hidden="true"><span></span>${X(p)}<span></span></div>
<ol>${f.map(h=>ee(h,i,d,p,n(h.finding)))}</ol>
${f.length<a.length?o`<p class="key">${u(a.length-f.length,"later credential")} not drawn; all are in the list below.</p>`:null}
<p class="key" aria-hidden="true"><span><svg><rect class="low" y="2" width="100%" height="6" rx="3"/></svg>in the files</span><span><svg><line class="after low" x1="0" x2="100%" y1="5" y2="5"/></svg>only in the history</span></p>
</div>
</section>`}c(B,"renderTimeline");function X(e){return o`<svg>${e.map(({x:t,label:n})=>{let a=t>92?"end":t<4?"start":"middle";return o`<text x="${w(t)}" y="16" text-anchor="${a}">${n}</text>`})}</svg>`}c(X,"axis");function ee({finding:e,from:t,removed:n},a,r,s,l){let m=r(t),i=r(n??a),d=b((n??a)-t),p=(e.exposure?.introduced?.date??"").slice(0,10),f=n===null?`, in the files since ${p}, for ${d}`:`, brought ${p}, taken out of the files after ${d}, in the history still`;return o`<li data-row-for="${l}"><a href="#${l}">${g(e)}</a><svg aria-hidden="true">${s.map(h=>o`<line class="grid" x1="${w(h.x)}" x2="${w(h.x)}" y1="-6" y2="32"/>`)}${n===null?null:o`<line class="after ${e.severity}" x1="${w(i)}" x2="100%" y1="13" y2="13"/>`}<rect class="${e.severity}" x="${w(m)}" y="8" width="${w(Math.max(i-m,.05))}" height="10" rx="3"/><circle class="${e.severity}" cx="${w(m)}" cy="13" r="5"/></svg><span aria-hidden="true">${d}${n===null?" so far":""}</span><span class="unseen">${f}</span></li>`}c(ee,"row");var S=6;function te(e){return e.exposure===null?"":e.exposure.atHead?"head":"history"}c(te,"reachOf");function K(e,t,n){let a=M(e),[r]=x([e]),s=O(e.kind),l=k(e),m=N(e.credential);return o`<article id="${t}" class="is-${e.severity}" aria-labelledby="${t}-name" tabindex="-1" data-severity="${e.severity}" data-status="${e.verdict.status}" data-where="${te(e)}" data-rank="${n}" data-since="${r?.from??""}" data-places="${a.length}">
<header><span class="badge is-${e.severity}">${e.severity}</span><h3 id="${t}-name">${g(e)}${m===""?null:o` <small>${m}</small>`}</h3><span class="badge state is-${e.verdict.status}">${W(e)}</span>${e.canary?o`<span class="badge state">canary: a trip-wire</span>`:null}</header>
<p>${s.risk} <a href="${s.reference}" rel="noopener noreferrer">About this kind<span class="unseen">: ${s.name}</span></a></p>
${e.notes.map(i=>o`<p class="note">${i}</p>`)}
${re(e)}
<div class="next"><span>Do now</span>${l.startsWith("keyguard ")?o`<code class="command">${l}</code>`:o`<div>${z(l)}</div>`}</div>
${J(e,a.slice(0,S),a.length)}
${a.length>S?o`<details><summary>${u(a.length-S,"more place")}</summary>${J(e,a.slice(S),0)}</details>`:null}
</article>`}c(K,"renderCredential");function re(e){let t=A(e),{exposure:n,verdict:a}=e,r=c((m,...i)=>o`<div><dt>${m}</dt>${i.map(d=>d===null?null:o`<dd>${d}</dd>`)}</div>`,"fact"),[s]=x([e]),l=s===void 0||s.removed===null?null:`${b(s.removed-s.from)} later`;return o`<dl class="facts">
${e.credential.accessKeyId===null?null:r("Access key id",o`<code>${e.credential.accessKeyId}</code>`)}
${D(e.credential).map(({part:m,secret:i})=>r(z(F(m)),o`<code>${i.mask}</code>`))}
${t===null?null:r("Account",t)}
${a.status==="live"?r("Acts as",o`<code>${a.arn}</code>`):null}
${a.status==="unchecked"||a.why===""?null:r("Checked",a.why)}
${e.expires===null?null:r("Expires",e.expires)}
${n?.introduced?r("Introduced",...q(n.introduced)):null}
${n?.removed?r(n.atHead?"Removed once, and back":"Removed",...q(n.removed),l):null}
${n===null?null:r("Still in",ne(e))}
${r("Fingerprint",o`<code>${e.fingerprint.slice(0,16)}</code>`)}
</dl>`}c(re,"facts");function q({date:e,commit:t,author:n,subject:a}){return[o`<time datetime="${e}">${e.slice(0,10)}</time> <code>${t.slice(0,10)}</code>`,o`“${a}” by ${n}`]}c(q,"commit");function ne({exposure:e}){let t=e?.refs??[],n=t.slice(0,6).map((s,l)=>o`${l>0?", ":""}<code>${s.replace(/^refs\/(heads|remotes|tags)\//,"")}</code>`),a=t.length>6?` and ${t.length-6} more`:"",r=e?.atHead?"HEAD":"";return o`${r}${r!==""&&t.length>0?", ":""}${n}${a}${r===""&&t.length===0?`${u(e?.objects.length??0,"object")} that no branch or tag reaches`:""}`}c(ne,"reach");function J(e,t,n){let a=e.locations.some(r=>r.commit!==null);return o`<div class="scroll" tabindex="0" role="group" aria-label="Places of ${g(e)}"><table class="wide"><caption>${n>0?u(n,"place"):o`<span class="unseen">more places</span>`}</caption>
<thead><tr><th scope="col">File and line</th><th scope="col">What stands there</th>${a?o`<th scope="col">Commit</th>`:null}</tr></thead>
<tbody>${t.map(r=>o`<tr><td><code>${y(r)}:${r.line}:${r.column}</code></td><td>${z(r.parts.map(F).join(", "))}<code class="excerpt">${r.excerpt}</code></td>${a?o`<td class="tight">${r.commit===null?"not committed":o`<code>${r.commit.slice(0,10)}</code>`}${r.date===null?null:o` <time datetime="${r.date}">${r.date.slice(0,10)}</time>`}${r.author===null?null:o`<br>${r.author}`}${r.later>0?o`<span class="excerpt">and in ${u(r.later,"later version")}</span>`:null}</td>`:null}</tr>`)}</tbody></table></div>`}c(J,"placesTable");function z(e){return e.charAt(0).toUpperCase()+e.slice(1)}c(z,"sentence");function V(e,t,n,a){return o`<div class="answers">${ae(t)}${oe(t)}${ie(t,n)}${se(e,t,a)}</div>`}c(V,"renderOverview");function ae(e){let t=j(e),n=e.filter(({verdict:d})=>d.status==="live").length,a=e.filter(({verdict:d})=>d.status==="dead").length,r=e.filter(({verdict:d})=>d.status==="unchecked").length,s=e.length-n-a-r,l=0,m=t.map(({severity:d,count:p})=>{let f=p/e.length*100,h=o`<rect class="${d}" x="${l.toFixed(3)}%" width="${f.toFixed(3)}%" height="100%"/>`;return l+=f,h}),i=[n>0?`${n} live`:"",s>0?`${s} unclear`:"",r>0?`${r} not checked`:"",a>0?`${a} dead`:""].filter(d=>d!=="");return o`<section aria-labelledby="how-bad"><h2 id="how-bad">How bad</h2>
<p class="figure">${n>0?n:e.length} <small>${n>0?`of ${e.length} accepted by AWS`:e.length===1?"credential":"credentials"}</small></p>
<svg class="meter" aria-hidden="true">${m}</svg>
<ul class="legend">${t.map(({severity:d,count:p})=>o`<li><svg aria-hidden="true"><rect class="${d}" width="100%" height="100%" rx="2"/></svg>${p} ${d}</li>`)}</ul>
<p class="soft">${i.join(", ")}</p></section>`}c(ae,"howBad");function oe(e){let t=new Map;for(let i of e)for(let d of i.locations){let p=y(d);t.set(p,(t.get(p)??new Set).add(i.fingerprint))}let n=[...t].toSorted(([i,d],[p,f])=>f.size-d.size||(i<p?-1:1)).slice(0,4),a=e.reduce((i,d)=>i+M(d).length,0),r=e.filter(({exposure:i})=>i!==null),s=r.filter(({exposure:i})=>i?.atHead).length,l=r.filter(({exposure:i})=>i?.refs.some(d=>d.startsWith("refs/remotes/"))).length,m=[r.length>0?`${s} still at HEAD`:"",l>0?`${l} on a remote branch`:""].filter(i=>i!=="");return o`<section aria-labelledby="where"><h2 id="where">Where</h2>
<p class="figure">${u(t.size,"file")} <small>${u(a,"place")}</small></p>
${m.length>0?o`<p>${m.join(", ")}</p>`:null}
<ul class="plain">${n.map(([i,d])=>o`<li><code>${i}</code>${d.size>1?o`<span>${d.size} credentials</span>`:null}</li>`)}</ul>
${t.size>n.length?o`<p class="soft">and ${u(t.size-n.length,"more file")}</p>`:null}</section>`}c(oe,"where");function ie(e,t){let n=x(e),[a]=n;if(a===void 0)return o`<section aria-labelledby="since"><h2 id="since">Since when</h2><p class="figure">unknown</p>
<p class="soft">The history knows who brought it, and when:</p><code class="command">keyguard scan --history --format html</code></section>`;let r=n.filter(({removed:i})=>i===null),s=n.find(({finding:i})=>i.verdict.status==="live"),l=n.filter(({removed:i})=>i!==null).toSorted((i,d)=>(i.removed??0)-i.from-((d.removed??0)-d.from))[0],m=c(i=>(i.finding.exposure?.introduced?.date??"").slice(0,10),"date");return o`<section aria-labelledby="since"><h2 id="since">Since when</h2>
<p class="figure"><time datetime="${a.finding.exposure?.introduced?.date??""}">${m(a)}</time> ${t===null?null:o`<small>${b(t-a.from)} ago</small>`}</p>
${s===void 0?null:o`<p>The oldest live one since ${m(s)}${t===null?"":`, ${b(t-s.from)}`}.</p>`}
<p class="soft">${r.length>0?`${u(r.length,"credential")} never taken out of the files.`:"All were taken out of the files, none out of the history."}${l===void 0?"":` The quickest removal took ${b((l.removed??0)-l.from)}.`}</p></section>`}c(ie,"sinceWhen");function se(e,t,n){let a=t.filter(({verdict:l,canary:m})=>l.status!=="dead"&&!m),r=a.slice(0,2),s=r.map(l=>{let m=k(l);return m.startsWith("keyguard ")?o`<li>Replace <a href="#${n(l)}">${g(l)}</a><code class="command">${m}</code></li>`:o`<li><a href="#${n(l)}">${g(l)}</a>: ${m}</li>`});return a.length>r.length&&s.push(o`<li>Then ${u(a.length-r.length,"more","more")}, in the order of the list below</li>`),e.complete||s.push(o`<li>Scan again what was <a href="#unread">not read</a></li>`),s.push(t.some(({exposure:l})=>l!==null)?o`<li>Only then rewrite the history</li>`:o`<li>Only then take it out of the files</li>`),o`<section aria-labelledby="next"><h2 id="next">What next</h2><ol class="steps">${s}</ol></section>`}c(se,"whatNext");var T=String.raw`
"use strict";
(() => {
  const one = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];

  const theme = one("#theme");
  const themes = ["auto", "dark", "light"];
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const next = themes[(themes.indexOf(document.documentElement.dataset.theme || "auto") + 1) % 3];
    document.documentElement.dataset.theme = next;
    theme.textContent = "theme: " + next;
  });

  let folded = [];
  addEventListener("beforeprint", () => {
    for (const details of all("details:not([open])")) {
      folded.push(details);
      details.open = true;
    }
  });
  addEventListener("afterprint", () => {
    for (const details of folded) details.open = false;
    folded = [];
  });

  const form = one("#filters");
  if (form === null) return;
  form.hidden = false;
  const list = one("#credentials-list");
  const cards = all("#credentials-list > article");
  const texts = new Map(cards.map((card) => [card, card.textContent.toLowerCase()]));
  const rows = new Map(all("[data-row-for]").map((row) => [row.dataset.rowFor, row]));
  const shown = one("#shown");
  const none = one("#none");

  const orders = {
    urgency: (a, b) => a.dataset.rank - b.dataset.rank,
    oldest: (a, b) => (a.dataset.since || Infinity) - (b.dataset.since || Infinity) || a.dataset.rank - b.dataset.rank,
    newest: (a, b) => (b.dataset.since || 0) - (a.dataset.since || 0) || a.dataset.rank - b.dataset.rank,
    places: (a, b) => b.dataset.places - a.dataset.places || a.dataset.rank - b.dataset.rank,
  };

  const apply = () => {
    const given = new FormData(form);
    const words = String(given.get("text") || "").toLowerCase().split(/\s+/).filter(Boolean);
    const severities = given.getAll("severity");
    const status = given.get("status");
    const where = given.get("where");
    let count = 0;
    for (const card of cards) {
      const fits =
        severities.includes(card.dataset.severity) &&
        (status === "" || card.dataset.status === status) &&
        (!where || card.dataset.where === where) &&
        words.every((word) => texts.get(card).includes(word));
      card.hidden = !fits;
      const row = rows.get(card.id);
      if (row) row.hidden = !fits;
      if (fits) count++;
    }
    shown.textContent = count === cards.length ? "all " + count + " shown" : count + " of " + cards.length + " shown";
    none.hidden = count > 0;
  };

  const reorder = () => {
    const order = orders[new FormData(form).get("order")] || orders.urgency;
    list.append(...cards.toSorted(order));
  };

  form.addEventListener("input", apply);
  form.addEventListener("change", (event) => {
    if (event.target.name === "order") reorder();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => (reorder(), apply())));
  one("#text").addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.target.value = "";
      apply();
    }
  });

  // A link to a credential that a filter hides would lead nowhere: take the filters off first.
  const reveal = () => {
    const card = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
    if (card === null || !card.hidden) return;
    form.reset();
    setTimeout(() => card.scrollIntoView());
  };
  addEventListener("hashchange", reveal);
  reorder();
  apply();
})();
`;var R=`
:root {
  color-scheme: light dark;
  --ground: #f6f5f2; --card: #ffffff; --sunk: #f1f0ec; --line: #dcdad3; --ink: #1c1e22; --soft: #575d67;
  --accent: #1f5f8b; --on-fill: #ffffff;
  --critical: #b3161d; --high: #ad4a07; --medium: #7d6300; --low: #3a6485; --good: #1d6b3a; --idle: #69707b;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root:not([data-theme="light"]) {
    --ground: #111317; --card: #191c21; --sunk: #21252b; --line: #343a43; --ink: #e9ebee; --soft: #a4acb8;
    --accent: #82bfea; --on-fill: #14161a;
    --critical: #ff7b7b; --high: #ffa263; --medium: #e2c350; --low: #86b6dc; --good: #6fcf93; --idle: #959dab;
  }
}
:root[data-theme="dark"] {
  color-scheme: dark;
  --ground: #111317; --card: #191c21; --sunk: #21252b; --line: #343a43; --ink: #e9ebee; --soft: #a4acb8;
  --accent: #82bfea; --on-fill: #14161a;
  --critical: #ff7b7b; --high: #ffa263; --medium: #e2c350; --low: #86b6dc; --good: #6fcf93; --idle: #959dab;
}
:root[data-theme="light"] { color-scheme: light; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
}
.page { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
a { color: var(--accent); text-underline-offset: 0.15em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -999rem; top: 0.5rem; background: var(--card); padding: 0.5rem 1rem; z-index: 2; }
.skip:focus { left: 0.5rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
code, .mono { font-family: var(--mono); font-size: 0.875em; overflow-wrap: anywhere; }
h1, h2, h3, p, dl, dd, ol, ul { margin: 0; }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 3rem 0 0.25rem; letter-spacing: -0.01em; }
h2 + p { color: var(--soft); margin-bottom: 1rem; max-width: 46rem; }

.top { display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; align-items: baseline; color: var(--soft); font-size: 0.875rem; }
.top strong { color: var(--ink); font-size: 1rem; letter-spacing: -0.01em; }
.top .push { margin-left: auto; }
button, select, input { font: inherit; color: inherit; }
button { background: none; border: 1px solid var(--line); border-radius: 6px; padding: 0.2rem 0.7rem; cursor: pointer; }
button:hover { border-color: var(--soft); }

h1 { font-size: clamp(1.75rem, 4vw, 2.75rem); line-height: 1.12; letter-spacing: -0.025em; margin: 2rem 0 0.5rem; text-wrap: balance; }
h1 em { font-style: normal; color: var(--critical); }
h1.calm { color: var(--good); }
.lead { color: var(--soft); max-width: 46rem; font-size: 1.0625rem; }
.warning { border: 1px solid var(--high); border-left-width: 6px; background: var(--card); border-radius: 8px; padding: 0.75rem 1rem; margin: 1.25rem 0 0; }
.warning p + p, .warning ul { margin-top: 0.25rem; }
.warning ul { padding-left: 1.25rem; }

.answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(15.5rem, 1fr)); gap: 1rem; margin-top: 1.75rem; }
.answers > section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.125rem 1.125rem; min-width: 0; }
.answers h2 { margin: 0 0 0.5rem; font-size: 0.875rem; font-weight: 600; color: var(--soft); letter-spacing: 0; }
.answers .figure { margin: 0; color: var(--ink); font-size: 1.625rem; font-weight: 650; line-height: 1.2; letter-spacing: -0.02em; }
.answers .figure small { display: inline-block; font-size: 0.9375rem; font-weight: 400; color: var(--soft); letter-spacing: 0; }
.answers p { margin-top: 0.375rem; font-size: 0.9375rem; }
.answers p.soft { color: var(--soft); }
.meter { display: block; width: 100%; height: 10px; margin: 0.75rem 0 0.625rem; border-radius: 5px; overflow: hidden; }
.legend, .plain { list-style: none; padding: 0; font-size: 0.9375rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.125rem 1rem; }
.legend svg { width: 0.7em; height: 0.7em; margin-right: 0.4em; }
.plain li { display: flex; gap: 0.75rem; justify-content: space-between; margin-top: 0.375rem; }
.plain code { min-width: 0; }
.plain span { color: var(--soft); white-space: nowrap; }
.steps { padding-left: 1.25rem; font-size: 0.9375rem; }
.steps li { margin-top: 0.375rem; }
.steps li::marker { color: var(--soft); }
.command { display: block; background: var(--sunk); border-radius: 6px; padding: 0.375rem 0.625rem; margin-top: 0.25rem; user-select: all; }
.critical { fill: var(--critical); } .high { fill: var(--high); } .medium { fill: var(--medium); } .low { fill: var(--low); }

.timeline { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 0.75rem 1.125rem 1rem; }
.timeline ol { list-style: none; padding: 0; }
.timeline li, .axis { display: grid; grid-template-columns: 18rem minmax(0, 1fr) 11.5rem; gap: 0 1rem; align-items: center; }
.timeline li { border-top: 1px solid var(--line); padding: 0.3rem 0; font-size: 0.9375rem; }
.timeline li > a { overflow-wrap: anywhere; }
.timeline li > span { color: var(--soft); font-size: 0.875rem; text-align: right; }
.timeline svg { display: block; width: 100%; height: 26px; overflow: visible; }
.axis svg { height: 24px; }
.axis text { fill: var(--soft); font-size: 12px; }
.grid { stroke: var(--line); stroke-width: 1; }
.after { fill: none; stroke-width: 2; stroke-dasharray: 2 4; }
.after.critical { stroke: var(--critical); } .after.high { stroke: var(--high); } .after.medium { stroke: var(--medium); } .after.low { stroke: var(--low); }
.key { color: var(--soft); font-size: 0.875rem; margin-top: 0.625rem; display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; }
.key svg { display: inline-block; width: 2.5rem; height: 10px; margin-right: 0.4rem; vertical-align: middle; }
@media (max-width: 44rem) {
  .timeline li, .axis { grid-template-columns: minmax(0, 1fr); }
  .timeline li > span { text-align: left; }
  .axis > :first-child, .axis > :last-child { display: none; }
}

.filters { display: flex; flex-wrap: wrap; gap: 0.625rem 1rem; align-items: end; background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 0.75rem 1.125rem; margin-bottom: 1rem; font-size: 0.9375rem; }
.filters fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
.filters legend, .filters label > span { font-size: 0.8125rem; color: var(--soft); display: block; padding: 0; }
.filters .boxes { display: flex; flex-wrap: wrap; gap: 0 0.875rem; min-height: 2.125rem; align-items: center; }
.filters input[type="search"], .filters select { background: var(--sunk); border: 1px solid var(--idle); border-radius: 6px; padding: 0.25rem 0.5rem; height: 2.125rem; }
.filters input[type="search"] { width: 15rem; max-width: 100%; }
.filters input[type="checkbox"] { accent-color: var(--accent); margin: 0 0.35rem 0 0; }
.filters output { color: var(--soft); margin-left: auto; align-self: center; }

article { background: var(--card); border: 1px solid var(--line); border-radius: 12px; margin-bottom: 1rem; padding: 1.125rem 1.25rem 1.25rem; border-left: 6px solid var(--low); }
@media screen { .many > article { content-visibility: auto; contain-intrinsic-size: auto 24rem; } }
article.is-critical { border-left-color: var(--critical); } article.is-high { border-left-color: var(--high); } article.is-medium { border-left-color: var(--medium); }
article:target { outline: 3px solid var(--accent); outline-offset: 2px; }
article > header { display: flex; flex-wrap: wrap; gap: 0.375rem 0.75rem; align-items: center; }
article h3 { font-size: 1.125rem; line-height: 1.3; letter-spacing: -0.01em; }
article h3 small { font-weight: 400; color: var(--soft); font-size: 0.9375rem; }
.badge { border-radius: 99px; padding: 0.1rem 0.65rem; font-size: 0.8125rem; font-weight: 600; line-height: 1.5; border: 1px solid transparent; white-space: nowrap; }
.badge.is-critical { background: var(--critical); color: var(--on-fill); } .badge.is-high { background: var(--high); color: var(--on-fill); }
.badge.is-medium { background: var(--medium); color: var(--on-fill); } .badge.is-low { background: var(--low); color: var(--on-fill); }
.badge.state { border-color: var(--idle); color: var(--soft); }
.badge.state.is-live { border-color: var(--critical); color: var(--critical); }
.badge.state.is-dead { border-color: var(--good); color: var(--good); }
article > p { margin-top: 0.5rem; max-width: 50rem; }
article > p.note { color: var(--soft); font-size: 0.9375rem; margin-top: 0.25rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 0.625rem 1.5rem; margin: 0.875rem 0; font-size: 0.9375rem; }
.facts dt { font-size: 0.8125rem; color: var(--soft); }
.facts dd { overflow-wrap: anywhere; }
.facts dd + dd { color: var(--soft); }
.next { margin: 0.875rem 0; }
.next > span { font-size: 0.8125rem; color: var(--soft); }
.scroll { overflow-x: auto; }
@media screen { .scroll > table.wide { min-width: 38rem; } }
tbody th { width: 9rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.9375rem; }
caption { text-align: left; font-size: 0.8125rem; color: var(--soft); padding-bottom: 0.25rem; }
th { text-align: left; font-weight: 600; font-size: 0.8125rem; color: var(--soft); white-space: nowrap; }
th, td { border-top: 1px solid var(--line); padding: 0.375rem 0.875rem 0.375rem 0; vertical-align: top; overflow-wrap: anywhere; }
td.tight { white-space: nowrap; overflow-wrap: normal; }
td .excerpt { display: block; color: var(--soft); }
summary { cursor: pointer; padding: 0.375rem 0; color: var(--accent); font-size: 0.9375rem; }
.sheet { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 0.875rem 1.25rem; }
.sheet tbody tr:first-child > * , .sheet thead tr > * { border-top: 0; }
.sheet thead + tbody tr:first-child > * { border-top: 1px solid var(--line); }
footer { margin-top: 3rem; color: var(--soft); font-size: 0.875rem; }

@page { margin: 14mm; }
@media print {
  :root, :root[data-theme], :root:not([data-theme="light"]) {
    color-scheme: light;
    --ground: #ffffff; --card: #ffffff; --sunk: #f1f0ec; --line: #c9c7c0; --ink: #000000; --soft: #444a53;
    --accent: #123f5f; --on-fill: #ffffff;
    --critical: #b3161d; --high: #ad4a07; --medium: #7d6300; --low: #3a6485; --good: #1d6b3a; --idle: #69707b;
  }
  body { font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .page { max-width: none; padding: 0; }
  .filters, .skip, #theme { display: none !important; }
  .answers { grid-template-columns: 1fr 1fr; }
  .answers > section, section[aria-labelledby="timeline"], tr, article > header, .facts, .next { break-inside: avoid; }
  article > header, article > p, caption, thead { break-after: avoid; }
  .timeline li, .axis { grid-template-columns: 17rem minmax(0, 1fr) 9rem; }
  .timeline li > span { font-size: 0.8125rem; }
  .axis text { font-size: 9px; }
  h2, h2 + p { break-after: avoid; }
  h2 { margin-top: 1.5rem; }
  article { break-inside: auto; }
  .scroll { overflow: visible; }
  td.tight { white-space: normal; }
  a { color: inherit; text-decoration: none; }
}
`;function _(e){return`'sha256-${le("sha256").update(e,"utf8").digest("base64")}'`}c(_,"hashSource");var de=["default-src 'none'",`style-src ${_(R)}`,`script-src ${_(T)}`,"base-uri 'none'","form-action 'none'"].join("; ");function Xe(e,t){let n=L(e.findings),a=new Map(n.map((i,d)=>[i,`c${d+1}-${i.fingerprint.slice(0,8)}`])),r=c(i=>a.get(i)??"","anchor"),s=Date.parse(t.generated??""),l=Number.isNaN(s)?null:s;return o`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${de}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${ue(e)}</title>
<style>${new $(R)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
<div class="page">
<header class="top"><strong>keyguard</strong><span>${me[e.coverage.mode]}</span>${t.generated===void 0?null:o`<time datetime="${t.generated}">${pe(t.generated)}</time>`}<button id="theme" class="push" type="button" hidden>theme: auto</button></header>
<main id="main" tabindex="-1">
${he(e,n)}
${fe(e)}
${n.length===0?null:o`${V(e,n,l,r)}
${B(n,l,r)}
<section aria-labelledby="credentials">
<h2 id="credentials">Credentials</h2>
<p>The most urgent first. Each is one credential, however often it was written down.</p>
${ge(n)}
<div id="credentials-list" class="${n.length>ce?"many":""}">${n.map((i,d)=>K(i,r(i),d))}</div>
<p id="none" hidden>No credential fits these filters.</p>
</section>`}
${be(e)}
${ve(e)}
${$e(e)}
</main>
<footer>keyguard ${t.version}. Secrets are masked; access key ids are not secret by themselves. This page loads nothing from elsewhere.</footer>
</div>
<script>${new $(T)}</script>
</body>
</html>
`.source}c(Xe,"renderHtml");var ce=100,me={tree:"scan of the working tree",staged:"scan of what is staged",range:"scan of a range of commits",stdin:"scan of standard input",history:"scan of the whole history",push:"scan of a push",message:"scan of a commit message"};function pe(e){return`${e.slice(0,10)} ${e.slice(11,16)}${e.endsWith("Z")?" UTC":""}`}c(pe,"readableTime");function ue(e){let{findings:t,complete:n}=e;return t.length>0?`keyguard: ${u(t.length,"credential")} leaked`:n?"keyguard: no credentials found":"keyguard: incomplete"}c(ue,"pageTitle");function he(e,t){let n=H(e.coverage);if(t.length===0)return e.complete?o`<h1 class="calm">No credentials found</h1><p class="lead">${n} read in ${C(e.elapsed)}.</p>`:o`<h1>No credentials found in what could be read</h1><p class="lead">${n} read in ${C(e.elapsed)}, and not all that was in reach.</p>`;let a=t.filter(({verdict:l})=>l.status==="live").length,r=`${u(t.length,"credential")} leaked`,s=o`<p class="lead">${n} read in ${C(e.elapsed)}. Replace what leaked before anything else: taking it out of a file or out of the history does not take it back.</p>`;return a===0?o`<h1>${r}</h1>${s}`:o`<h1>${r}, <em>${a===t.length?a===1?"and it works":"and all of them work":`${a} of them ${a===1?"works":"work"}`}</em></h1>${s}`}c(he,"headline");function C(e){return e<1e3?`${Math.round(e)} ms`:`${(e/1e3).toFixed(1)} s`}c(C,"seconds");function fe(e){return e.complete?null:o`<div class="warning" role="note"><p><strong>This scan is incomplete.</strong> What was not read is not known to be clean.</p>
${e.unread.length>0?o`<p>${u(e.unread.length,"thing")} not read: <a href="#unread">see which and why</a></p>`:null}
${e.coverage.notes.length>0?o`<ul>${e.coverage.notes.map(t=>o`<li>${t}</li>`)}</ul>`:null}</div>`}c(fe,"incomplete");function ge(e){if(e.length<2)return null;let n=Object.entries({live:"live","wrong-secret":"wrong secret",unknown:"unknown",unchecked:"not checked",dead:"dead"}).filter(([r])=>e.some(({verdict:s})=>s.status===r)),a=e.some(({exposure:r})=>r!==null);return o`<form id="filters" class="filters" role="search" aria-label="Filter the credentials" hidden>
<label><span>Text in it</span><input id="text" name="text" type="search" autocomplete="off" spellcheck="false" placeholder="path, account, author …"></label>
<fieldset><legend>Severity</legend><div class="boxes">${["critical","high","medium","low"].filter(r=>e.some(s=>s.severity===r)).map(r=>o`<label><input type="checkbox" name="severity" value="${r}" checked>${r}</label>`)}</div></fieldset>
<label><span>Status</span><select name="status"><option value="">any</option>${n.map(([r,s])=>o`<option value="${r}">${s}</option>`)}</select></label>
${a?o`<label><span>Still there</span><select name="where"><option value="">anywhere</option><option value="head">still at HEAD</option><option value="history">only in history</option></select></label>`:null}
<label><span>Order</span><select name="order"><option value="urgency">most urgent</option>${a?o`<option value="oldest">oldest</option><option value="newest">newest</option>`:null}<option value="places">most places</option></select></label>
<button type="reset">Clear</button>
<output id="shown" role="status" aria-live="polite"></output>
</form>`}c(ge,"filters");function be(e){return e.unread.length===0?null:o`<section aria-labelledby="unread"><h2 id="unread">Not read</h2><p>Not known to be clean.</p>
<div class="sheet scroll" tabindex="0" role="group" aria-label="What was not read"><table><caption class="unseen">What was not read, and why</caption><thead><tr><th scope="col">Path</th><th scope="col">Why</th></tr></thead>
<tbody>${e.unread.map(({path:t,why:n})=>o`<tr><td><code>${t}</code></td><td>${n}</td></tr>`)}</tbody></table></div></section>`}c(be,"unread");function ve(e){return e.allowed.length===0?null:o`<section aria-labelledby="allowed"><h2 id="allowed">Let pass</h2><p>Found, and allowed by someone who gave a reason.</p>
<div class="sheet scroll" tabindex="0" role="group" aria-label="What was let pass"><table class="wide"><caption class="unseen">Credentials that were let pass</caption><thead><tr><th scope="col">Credential</th><th scope="col">Where</th><th scope="col">By</th><th scope="col">Reason</th></tr></thead>
<tbody>${e.allowed.map(({finding:t,by:n,reason:a})=>{let[r]=t.locations;return o`<tr><td>${g(t)}</td><td>${r===void 0?null:o`<code>${y(r)}:${r.line}</code>`}</td><td>${n}</td><td>${a}</td></tr>`})}</tbody></table></div></section>`}c(ve,"allowed");function $e(e){let{commits:t,objects:n,refs:a,notes:r,texts:s,bytes:l}=e.coverage,m=[["Texts",s.toLocaleString("en-US")],["Bytes",l.toLocaleString("en-US")],...t===void 0?[]:[["Commits",t.toLocaleString("en-US")]],...n===void 0?[]:[["Objects",n.toLocaleString("en-US")]],...a===void 0?[]:[["Refs",a.length>12?`${a.slice(0,12).join(", ")} and ${a.length-12} more`:a.join(", ")]],...r.map(i=>["Note",i])];return o`<section aria-labelledby="coverage"><h2 id="coverage">What was read</h2>
<p>${e.complete?"Everything in reach.":"Not everything in reach."}</p>
<div class="sheet"><table><caption class="unseen">What was read</caption><tbody>${m.map(([i,d])=>o`<tr><th scope="row">${i}</th><td>${d}</td></tr>`)}</tbody></table></div></section>`}c($e,"coverage");export{de as contentSecurityPolicy,Xe as renderHtml};
