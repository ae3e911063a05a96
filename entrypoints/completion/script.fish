# fish completion for k8s-heartbeat and kubectl-heartbeat

function __k8s_heartbeat
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    set -l lines ($program __complete $words "$current" 2>/dev/null)
    set -q lines[1]; or return
    set -l last $lines[-1]
    set -e lines[-1]
    set -q lines[1]; and printf '%s\n' $lines
    if test "$last" = ":0"
        set -l flag (string match -r -- '^--[^=]*=' $current)
        for path in (__fish_complete_path (string replace -- "$flag" '' $current))
            echo "$flag$path"
        end
    end
end

complete -c k8s-heartbeat -f -a '(__k8s_heartbeat)'
complete -c kubectl-heartbeat -f -a '(__k8s_heartbeat)'
