import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
var e={exclude:[],allow:[],detectors:[],disable:[],accounts:{},failOn:"medium",testData:"lower",baseline:null,source:null},o=1e6,l=".keyguard-baseline.json";export{e as a,o as b,l as c};
