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

# Writes what is staged: of each file that the index has otherwise than HEAD a line about the blob, then the blob. POSIX sh
# has no pipefail, so the exit status of each git comes down the pipe as a line `?name=status`, the first of them through
# git, which knows no object of that name. A line that is not understood becomes an object that is missing.
keyguard_staged() {
  {
    git -c core.quotePath=true -c diff.relative=false diff --cached --raw --no-abbrev --no-renames --no-color --no-ext-diff
    echo "?diff=$?"
  } |
    LC_ALL=C sed -e '/^:[0-7]* 000000 [0-9a-f]* 0* D./d' -e '/^:[0-7]* 160000 /d' \
      -e 's/^:[0-7]* [0-7]* [0-9a-f]* \([0-9a-f]*\) [A-Z][0-9]*./\1^{blob} /' -e 's/^:/strange^{blob} :/' |
    {
      git --no-replace-objects cat-file --buffer --batch='%(objectname) %(objecttype) %(objectsize) %(rest)'
      echo "?cat=$?"
    }
}

# Whether nothing staged can hold a credential, proved without Node in half of the time that Node takes to start: one of
# the patterns (the prefilter's literals, made by the build) stands in every text that the engine reports on, and none
# stands in any staged blob. `keyguard hook install` has tried this grep on all of them. More than 16 MB are left to Node,
# whose memory is bounded however long a line is; so are detectors of the configuration.
keyguard_proves_clean() {
  [ -n "$keyguard_grep" ] || return 1
  for keyguard_file in .keyguardrc .keyguardrc.json .keyguardrc.yaml .keyguardrc.yml \
    keyguard.config.json keyguard.config.yaml keyguard.config.yml package.json; do
    [ ! -e "$keyguard_file" ] || set -- "$@" "$keyguard_file"
  done
  if [ ! -e .git ]; then return 1; fi
  if [ $# -gt 0 ]; then
    LC_ALL=C "$keyguard_grep" -aqE 'detectors|\\[ux]' "$@" 2>/dev/null
    [ $? -eq 1 ] || return 1
  fi
  keyguard_seen=$(
    # What goes wrong here is said by the look that follows.
    exec 2>/dev/null
    keyguard_staged | head -c 16777216 | LC_ALL=C tr '\000' '\001' |
      LC_ALL=C "$keyguard_grep" -aEo -m 3 -f "$keyguard_home/dist/literals.grep"
  )
  [ "$keyguard_seen" = '?diff=0 missing
?cat=0' ]
}

# Each of these costs Node more time than the whole scan (a CA bundle 35 ms), or loads foreign code into it.
keyguard_prepare() {
  unset NODE_OPTIONS NODE_EXTRA_CA_CERTS
  keyguard_find_node
  [ -f "$keyguard_home/dist/hook.cjs" ] || keyguard_stop "$keyguard_home/dist/hook.cjs is gone, so nothing was scanned and git was stopped" \
    "run keyguard hook install again, or remove this hook: $0"
}
