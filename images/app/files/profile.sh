# shellcheck shell=sh
# PATH has just been reset by /etc/profile: what a person installs for themselves comes first.
if [ "$(id -u)" != 0 ]; then
    PATH="$HOME/.local/bin:$PATH"
fi
