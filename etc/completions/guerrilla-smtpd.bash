# SPDX-License-Identifier: GPL-3.0-or-later
# What bash(1) completes after guerrilla-smtpd.
_guerrilla_smtpd()
{
	local cur prev words cword
	_init_completion || return
	case $prev in
	-c | --config | -l | --log)
		_filedir
		return
		;;
	-s | --signal)
		COMPREPLY=($(compgen -W 'status top reload reopen upgrade
			pause resume spool replay stop kill' -- "$cur"))
		return
		;;
	--for)
		COMPREPLY=($(compgen -W '1m 10m 1h' -- "$cur"))
		return
		;;
	-p | --port)
		return
		;;
	esac
	COMPREPLY=($(compgen -W '--config --port --verbose --log --daemon
		--test --database --print --signal --json --wide --for
		--version --help' -- "$cur"))
} &&
	complete -F _guerrilla_smtpd guerrilla-smtpd
