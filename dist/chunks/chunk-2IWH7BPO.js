import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{a as r}from"./chunk-SDVICFDL.js";var n=class extends Error{static{r(this,"KeyguardError")}code;hint;constructor(d,s,e={}){super(s,e.cause===void 0?void 0:{cause:e.cause}),this.name="KeyguardError",this.code=d,this.hint=e.hint}};export{n as a};
