# What the hooks beside this file share. Read with `.`, never run. POSIX sh: dash, bash 3.2, busybox, Git for Windows.
#
# An installed hook sets keyguard_home, keyguard_node (absolute paths) and keyguard_next (the hook that was there before).

keyguard_stop() {
  printf 'keyguard: error: %s\n' "$1" >&2
  [ -z "$2" ] || printf 'hint: %s\n' "$2" >&2
  exit 2
}

# A program with a window may start git without the PATH of a shell, so node is looked for where installers put it.
keyguard_find_node() {
  if [ -n "$keyguard_node" ] && [ -x "$keyguard_node" ]; then return; fi
  if command -v node >/dev/null 2>&1; then
    keyguard_node=node
    return
  fi
  for keyguard_node in \
    /usr/local/bin/node /opt/homebrew/bin/node /usr/bin/node /opt/local/bin/node /snap/bin/node \
    "$HOME/.volta/bin/node" "$HOME"/.nvm/versions/node/*/bin/node "$HOME/.local/share/mise/shims/node" \
    "$HOME/.asdf/shims/node" "$HOME"/.local/share/fnm/node-versions/*/installation/bin/node \
    "$HOME/.nodenv/shims/node" "$HOME/.local/bin/node" "$HOME/n/bin/node" \
    "/c/Program Files/nodejs/node.exe" "/mnt/c/Program Files/nodejs/node.exe"; do
    if [ -x "$keyguard_node" ]; then return; fi
  done
  keyguard_stop "there is no node to run, so nothing was scanned and git was stopped" \
    "install Node 20.19 or later, or run keyguard hook install again with the node that you use"
}

# Runs the hook that stood here before keyguard. It may change what is staged, so it goes first.
keyguard_run_next() {
  if [ -n "$keyguard_next" ] && [ -z "$KEYGUARD_PROBE" ] && [ -x "$keyguard_next" ]; then
    "$keyguard_next" "$@" || exit $?
  fi
}

# Each of these costs Node more time than the whole scan (a CA bundle 35 ms), or loads foreign code into it.
keyguard_prepare() {
  unset NODE_OPTIONS NODE_EXTRA_CA_CERTS
  keyguard_find_node
  [ -f "$keyguard_home/dist/hook.cjs" ] || keyguard_stop "$keyguard_home/dist/hook.cjs is gone, so nothing was scanned and git was stopped" \
    "run keyguard hook install again, or remove this hook: $0"
}
