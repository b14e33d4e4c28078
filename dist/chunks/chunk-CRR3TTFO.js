import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{a as t}from"./chunk-SDVICFDL.js";var p=/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;function e(i){return i.replace(p,n=>`\\u{${(n.codePointAt(0)??0).toString(16)}}`)}t(e,"spellOutInvisible");export{e as a};
