"""databases.py SOCKET [NAME...]: makes each database anew and empty; without names only tries to connect."""

import sys

import pymysql


def main(socket, *names):
    cursor = pymysql.connect(unix_socket=socket, user='root').cursor()
    for name in names:
        cursor.execute('DROP DATABASE IF EXISTS `%s`' % name)
        cursor.execute('CREATE DATABASE `%s` CHARACTER SET utf8mb3' % name)


if __name__ == '__main__':
    main(*sys.argv[1:])
