import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
import{a as e}from"./chunk-2IWH7BPO.js";import{a as r}from"./chunk-SDVICFDL.js";function i(o){return new e("config",`${o} is code, and keyguard never runs code of a repository`,{hint:"write it as .keyguardrc, in JSON or YAML"})}r(i,"refuseCode");export{i as a};
