# bash completion for k8s-heartbeat and kubectl-heartbeat

__k8s_heartbeat() {
    local program=${COMP_WORDS[0]/#\~/$HOME} typed current kept separator line last
    local -a words lines

    # COMP_WORDS is parted at = and : too, which the program does not want.
    typed=${COMP_LINE:0:COMP_POINT}
    read -ra words <<<"$typed"
    [[ $typed == *[[:space:]] ]] && words+=("")
    current=${words[${#words[@]} - 1]}

    while IFS= read -r line; do
        lines+=("$line")
    done < <("$program" __complete "${words[@]:1}" 2>/dev/null)
    ((${#lines[@]})) || return
    last=${lines[${#lines[@]} - 1]}
    unset "lines[${#lines[@]} - 1]"

    # readline replaces only what is behind the last separator.
    kept=
    for separator in = :; do
        if [[ $COMP_WORDBREAKS == *"$separator"* && $current == *"$separator"* ]]; then
            line=${current%"$separator"*}$separator
            ((${#line} > ${#kept})) && kept=$line
        fi
    done
    COMPREPLY=()
    for line in "${lines[@]}"; do
        line=${line%%$'\t'*}
        COMPREPLY+=("${line#"$kept"}")
    done
    if [[ $last == ":0" ]]; then
        compopt -o filenames 2>/dev/null
        while IFS= read -r line; do
            COMPREPLY+=("$line")
        done < <(compgen -f -- "${current#"$kept"}")
    fi
}

complete -F __k8s_heartbeat k8s-heartbeat kubectl-heartbeat
