// By way of this file the bundler knows the name: a CommonJS package that is imported at run time comes as one default.
export { HttpsProxyAgent } from "https-proxy-agent";
