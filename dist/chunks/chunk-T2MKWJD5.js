import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);
var e="https://github.com/keyguard-dev/keyguard";export{e as a};
