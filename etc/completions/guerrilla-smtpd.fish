# SPDX-License-Identifier: GPL-3.0-or-later
# What fish(1) completes after guerrilla-smtpd.
complete -c guerrilla-smtpd -f
complete -c guerrilla-smtpd -s c -l config -r -F -d 'the configuration'
complete -c guerrilla-smtpd -s p -l port -x -d 'listen on this port instead'
complete -c guerrilla-smtpd -s v -l verbose -d 'say more, on the console'
complete -c guerrilla-smtpd -s l -l log -F -d 'log to a file'
complete -c guerrilla-smtpd -s d -l daemon -d 'go to the background once ready'
complete -c guerrilla-smtpd -s t -l test -d 'test the configuration'
complete -c guerrilla-smtpd -l database -d 'with -t: also try the database'
complete -c guerrilla-smtpd -s T -l print -d 'print the configuration'
complete -c guerrilla-smtpd -s s -l signal -x -d 'speak to the service' \
	-a 'status\t"whether all is well"
		top\t"the same, live"
		reload\t"read the configuration again"
		reopen\t"reopen the log files"
		upgrade\t"become the program on the disk"
		pause\t"take no new mail for now"
		resume\t"end a pause"
		spool\t"what waits in the spool"
		replay\t"try again what was refused"
		stop\t"end gracefully"
		kill\t"end at once"'
complete -c guerrilla-smtpd -l json -d 'with -s status: as JSON'
complete -c guerrilla-smtpd -l wide -d 'with -s status: all columns'
complete -c guerrilla-smtpd -l for -x -a '1m 10m 1h' \
	-d 'with -s pause: until then'
complete -c guerrilla-smtpd -s V -l version -d 'print the version'
complete -c guerrilla-smtpd -s h -l help -d 'print the options'
