# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# bash completion for stealscope, from the program's own tables of commands and options.

# The table's lines of @command, those of its options.
_stealscope_options()
{
	"$1" --dump-options 2>/dev/null | awk -F '\t' -v command="$2" '$1 == "option" && $2 == command'
}

_stealscope_domains()
{
	"$1" list 2>/dev/null | sed -nE 's/^([A-Za-z0-9_.:@+-]+)  \(.*, pid [0-9]+\)$/\1/p'
}

_stealscope()
{
	local cur prev words cword split program command commands argument
	_init_completion -s || return
	program=${words[0]}
	commands=$("$program" --dump-options 2>/dev/null | awk -F '\t' '$1 == "command" { print $2 }')
	command=$(head -n 1 <<<"$commands")
	if ((cword > 1)) && grep -qxF -e "${words[1]}" <<<"$commands"; then
		command=${words[1]}
	fi

	argument=$(_stealscope_options "$program" "$command" |
		awk -F '\t' -v option="$prev" 'option == $3 || option == $4 { print $5 }')
	case $argument in
	'')
		$split && return
		if [[ $cur == -* ]]; then
			COMPREPLY=($(compgen -W "$(_stealscope_options "$program" "$command" |
				awk -F '\t' '{ print $4 ($5 == "" ? "" : "=") }')" -- "$cur"))
			[[ ${COMPREPLY-} == *= ]] && compopt -o nospace
		elif ((cword == 1)); then
			COMPREPLY=($(compgen -W "$commands" -- "$cur"))
		fi
		;;
	GLOB) COMPREPLY=($(compgen -W "$(_stealscope_domains "$program")" -- "$cur")) ;;
	FILE | PATH) _filedir ;;
	NAME) _allowed_users ;;
	*[a-z]*) COMPREPLY=($(compgen -W "${argument//|/ }" -- "$cur")) ;;
	esac
} && complete -F _stealscope stealscope
