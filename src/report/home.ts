/** Where keyguard's documentation is: machine formats name it beside the tool. */
export const home = "https://github.com/keyguard-dev/keyguard";
