#compdef k8s-heartbeat kubectl-heartbeat
# zsh completion for k8s-heartbeat and kubectl-heartbeat

_k8s_heartbeat() {
    local line last
    local -a lines found
    lines=("${(@f)$(${~words[1]} __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    last=${lines[-1]}
    for line in "${(@)lines[1,-2]}"; do
        [[ -n $line ]] || continue
        if [[ $line == *$'\t'* ]]; then
            found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
        else
            found+=("${line//:/\\:}")
        fi
    done
    (( $#found )) && _describe 'k8s-heartbeat' found
    if [[ $last == ":0" ]]; then
        compset -P '--*='
        _files
    fi
}

if [[ ${funcstack[1]} == _k8s_heartbeat ]]; then
    _k8s_heartbeat "$@"
else
    compdef _k8s_heartbeat k8s-heartbeat kubectl-heartbeat
fi
