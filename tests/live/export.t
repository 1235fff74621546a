#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The exporter, read by a real Prometheus server."""

import concurrent.futures
import errno
import glob
import http.client
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time

from lib import *
from lib.cleanup import on_exit
from lib.exporter import Exporter, Prometheus, fetch
from lib.host import TIMEOUT

DIST = os.path.join(os.path.dirname(__file__), "..", "..", "dist")
RULES = os.path.join(DIST, "prometheus", "stealscope.rules.yml")
# A VM that starts meanwhile is a process of the host until it is known, which depends on when who
# looked: what ran instead is one kind here.
KIND = {"vm": "others", "host": "others", "self": "others"}
UUID = "11111111-2222-3333-4444-555555555555"
STEAL = "stealscope_vcpu_steal_seconds_total"
LIBVIRT_DELAY = "libvirt_domain_vcpu_delay_seconds_total"
PORT = 10917
# Groups that the exporter is started with and must not keep.
ROOTS_GROUPS = [0, 4, 6]


def of(samples, name, **labels):
    """Sum of the samples that have @labels."""
    return sum(value for got, value in samples[name] if labels.items() <= got.items())


def promtool(exporter):
    if not shutil.which("promtool"):
        skip("promtool", "promtool is not installed (package prometheus)")
        return
    checked = subprocess.run(["promtool", "check", "metrics"], input=exporter.text(), text=True,
                             capture_output=True)
    ok(checked.returncode == 0 and not checked.stdout + checked.stderr, "promtool check metrics",
       checked.stdout + checked.stderr)
    for argv in (["check", "rules", RULES],
                 ["test", "rules", RULES.replace(".rules.yml", ".test.yml")]):
        checked = subprocess.run(["promtool", *argv], text=True, capture_output=True)
        equal(checked.returncode, 0, "promtool " + " ".join(argv[:2]))
        diag((checked.stdout + checked.stderr).strip())


def series(server):
    """{(instance, domain, cause): seconds} as the server has them now."""
    return {(row["instance"], row["domain"], row["cause"]): value
            for row, value in server.query(f"sum by (instance, domain, cause) ({STEAL})")}


def same_as_hist(server, exporters, guests):
    """Between two pauses both have counted the same waits, and nobody loses any meanwhile."""
    rows = {}
    scope = Scope()
    for guest in guests:
        guest.stop()
    scope.settle()
    server.wait_scrape(len(exporters))
    before = series(server)
    first = len(scope.reports)
    delays = {guest.name: guest.schedstat().delay for guest in guests}
    for guest in guests:
        guest.cont()
    wait_for("a second of steal for each", lambda: all(
        guest.schedstat().delay - delays[guest.name] > 1.1e9 for guest in guests))
    for guest in guests:
        guest.stop()
    scope.settle()
    server.wait_scrape(len(exporters))
    after = series(server)
    reports = scope.reports[first:]
    delays = {guest.name: guest.schedstat().delay - delays[guest.name] for guest in guests}
    scope.finish()
    for report in reports:
        for domain in report["domains"]:
            for thread in domain["threads"]:
                for cause, ns in thread["cause_ns"].items() if thread["role"] == "vcpu" else ():
                    key = domain["name"], KIND.get(cause, cause)
                    rows[key] = rows.get(key, 0) + ns / 1e9
    for exporter in exporters:
        for guest in guests:
            got = {}
            for cause in CAUSES:
                key = exporter.target, guest.name, cause
                kind = KIND.get(cause, cause)
                got[kind] = got.get(kind, 0) + after[key] - before[key]
            want = {kind: rows.get((guest.name, kind), 0) for kind in got}
            name = f"{guest.name} on {exporter.target}: "
            ok(all(abs(got[kind] - want[kind]) <= 1e-4 * want[kind] + 1e-6 for kind in got),
               name + "causes as in hist --json", f"got {got}, want {want}")
            near(sum(got.values()), delays[guest.name] / 1e9, 1e-6, name + "steal as in schedstat (s)")
    for guest in guests:
        guest.cont()


def fleet(server, exporters, guests):
    worst = server.query(f'topk(1, sum by (domain) (rate({STEAL}{{cause="vm"}}[10s])))')
    ok(worst and worst[0][0]["domain"] in {guest.name for guest in guests}, "the fleet's worst VM")
    thieves = server.query("sum by (instance, thief_domain) (rate(stealscope_blame_seconds_total"
                           '{cause="vm",domain=~"live-.*"}[10s])) > 0')
    equal({row["instance"] for row, _ in thieves}, {one.target for one in exporters},
          "thieves of every host")
    ok({guest.name for guest in guests} <= {row["thief_domain"] for row, _ in thieves},
       "each is the other's thief, by name", thieves)


def rules(server):
    for name in re.findall(r"record: (\S+)", open(RULES).read()):
        values = wait_for(name, lambda: server.query(name))
        ok(values, f"recorded: {name}")
    ok(server.query("domain:stealscope_steal:ratio_rate5m > 0"), "and they have values")


def dashboard(server):
    """Every query of the dashboard, with its variables as Grafana fills them in."""
    with open(os.path.join(DIST, "grafana", "stealscope.json")) as file:
        board = json.load(file)
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            expression = re.match(r"label_values\((.*), \w+\)$", variable["definition"]).group(1)
            ok(server.query(filled(expression)), f"dashboard variable {variable['name']}")
    for panel in board["panels"]:
        for target in panel["targets"]:
            ok(server.query(filled(target["expr"])), f"dashboard: {panel['title']}",
               filled(target["expr"]))


def filled(expression):
    for name, value in (("$__rate_interval", "10s"), ("$job", ".*"), ("$instance", ".*"),
                        ("$domain", ".*")):
        expression = expression.replace(name, value)
    return expression


def raw(exporter, request):
    """The first line of the answer to bytes that may be no request. libmicrohttpd 0.9.75 does not
    see an end of file that comes in one edge of epoll with the bytes before it: the connection then
    ends with the server's limit of 15 s."""
    with socket.create_connection(("127.0.0.1", exporter.port), timeout=40) as channel:
        try:
            channel.sendall(request)
            channel.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has heard enough
        try:
            return channel.makefile("rb").readline().decode().strip()
        except ConnectionResetError:
            return ""


def garbage(exporter):
    for name, request, want in (
            ("no HTTP", b"\x00\xff\xfe\r\n\r\n", ""),
            ("half a request", b"GET /metr", ""),
            ("an endless path", b"GET /" + b"a" * 16384 + b" HTTP/1.1\r\n\r\n", "414"),
            ("endless headers", b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 2700 + b"\r\n", "431"),
            ("POST", b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", "405"),
            ("another path", b"GET /metrics/../etc/passwd HTTP/1.0\r\n\r\n", "404"),
            ("HEAD", b"HEAD /metrics HTTP/1.0\r\n\r\n", "200")):
        line = raw(exporter, request)
        ok(want in line if want else "200" not in line, f"HTTP: {name}", line)
    equal(fetch(exporter.url + "/healthz")[0], 200, "it serves on")


def many_clients(exporter):
    before = rss(exporter)
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        codes = list(pool.map(lambda _: fetch(exporter.url + "/metrics")[0], range(2000)))
    equal(set(codes), {200}, "2000 scrapes by 20 clients")
    between(rss(exporter) - before, -1e9, 4e6, "and its memory stays (bytes)")
    reports = of(exporter.samples(), "stealscope_reports_total")
    ok(reports < 200, "and they took few snapshots", reports)


def rss(exporter):
    return int(status(exporter.pid)["VmRSS"].split()[0]) * 1024


def tls_and_users():
    """As Prometheus' own exporters are configured."""
    where = temp_dir()
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-keyout", f"{where}/key.pem", "-out", f"{where}/cert.pem"],
        capture_output=True)
    if made.returncode or not shutil.which("curl"):
        skip("TLS and users", "openssl or curl is not installed")
        return
    os.chmod(f"{where}/key.pem", 0o600)
    hashed = "$2y$05$ZX9rm.3cTbe.geAvRJb0Y.RMrFYH3x.gKRe6lrdcYiW1YoL8ByqES"  # of "secret"
    with open(f"{where}/web.yml", "w") as file:
        file.write("tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n"
                   f"basic_auth_users:\n  alice: {hashed}\n")
    exporter = Exporter("--web-config", f"{where}/web.yml")

    def curl(*options):
        return subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert",
                               f"{where}/cert.pem", "--resolve",
                               f"localhost:{exporter.port}:127.0.0.1", *options,
                               f"https://localhost:{exporter.port}/metrics"],
                              capture_output=True, text=True).stdout

    equal(curl("-u", "alice:secret"), "200", "TLS, the right password")
    equal(curl("-u", "alice:secre"), "401", "the beginning of a password")
    equal(curl("-u", "alice:wrong"), "401", "a wrong password")
    equal(curl("-u", "bob:secret"), "401", "an unknown user")
    equal(curl(), "401", "no password")
    equal(curl("-u", "alice:secret", "--tls-max", "1.1"), "000", "TLS 1.1 is too old")
    equal(exporter.finish(), 0, "exit status")


def bad_web_config():
    path = os.path.join(temp_dir(), "web.yml")
    for text, want in (("tls_server_config:\n  client_ca_file: x\n", ":2: client_ca_file"),
                       ("basic_auth_users:\n  a: secret\n", ":2: a has no bcrypt hash"),
                       ("basic_auth_users: [a]\n", ":1: must be a mapping"),
                       ("tls_server_config:\n  cert_file: /etc/hostname\n", "belong together"),
                       ("tls_server_config:\n  cert_file: nowhere\n", "No such file"),
                       ("a: b: c\n", ":1:"),
                       ("rate_limit:\n  burst: 1\n", ":1: rate_limit is not supported")):
        with open(path, "w") as file:
            file.write(text)
        code, _, err = tool("export", "--web-config", path, "--listen", "127.0.0.1:0")
        ok(code == 1 and want in err, f"--web-config: {want}", err)


def textfile():
    where = temp_dir()
    path = os.path.join(where, "steal.prom")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", where]).returncode:
        skip("the textfile", "no tmpfs can be mounted here")
        return
    on_exit(lambda: subprocess.run(["umount", "-l", where], capture_output=True))
    victim = os.path.join(where, "victim")
    with open(victim, "w") as file:
        file.write("precious")
    for name in path, path + ".new":
        os.symlink(victim, name)
    exporter = Exporter("--textfile", path, "--user", "root", "0.1", listen=None,
                        extra_groups=ROOTS_GROUPS)
    wait_for("the file", lambda: not os.path.islink(path))
    with open(victim) as file:
        equal(file.read(), "precious", "a link in its place is replaced, not followed")
    os.unlink(victim)
    gave_up(exporter, pwd.getpwnam("root"), "--user root")
    equal(os.stat(path).st_mode & 0o777, 0o644, "everyone may read the textfile")
    seen = set()

    def read_whole():
        with open(path) as file:
            text = file.read()
        seen.add((os.stat(path).st_ino, text.endswith("\n") and "build_info{" in text))
        return len(seen) > 20

    wait_for("the file to be replaced", read_whole)
    ok(all(whole for _, whole in seen), "each time as a whole")
    with open(path) as file:
        ok("process_" not in file.read(), "without what node_exporter says of itself")
    try:
        with open(os.path.join(where, "filler"), "wb") as filler:
            while True:
                filler.write(b"x" * 4096)
                filler.flush()
    except OSError:
        pass
    wait_for("the error", lambda: "No space left" in exporter.stderr())
    time.sleep(0.5)
    equal(exporter.stderr().count("No space left"), 1, "a full disk is said once")
    with open(path) as file:
        ok("build_info{" in file.read(), "the old file is there")
    equal(sorted(os.listdir(where)), ["filler", "steal.prom"], "and nothing else")
    os.unlink(os.path.join(where, "filler"))
    wait_for("the disk to be used again", lambda: "can be written again" in exporter.stderr())
    equal(exporter.finish(), 0, "exit status")
    code, _, err = tool("export", "--textfile", "/nowhere/steal.prom")
    ok(code == 1 and "No such file" in err, "a directory that is not there", err)
    code, _, err = tool("export", "--textfile", "/root/steal.prom", "--user", "nobody")
    ok(code == 1 and "Permission denied" in err and "another --user" in err,
       "a directory that is not the user's, and what to do", err)


def gave_up(exporter, user, name):
    """Every thread of it is @user, with @user's groups, and can become nothing more."""
    groups = set(os.getgrouplist(user.pw_name, user.pw_gid))
    for now in map(status, tasks(exporter.pid)):
        equal({key: now[key] for key in now if key.startswith("Cap")},
              {key: "0" * 16 for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")},
              f"{name}: no capability is left")
        equal(set(map(int, now["Uid"].split())), {user.pw_uid}, f"{name}: the user, saved ones too")
        equal(set(map(int, now["Gid"].split())), {user.pw_gid}, f"{name}: the group, saved ones too")
        equal(set(map(int, now["Groups"].split())), groups, f"{name}: the supplementary groups")
        equal(now["NoNewPrivs"], "1", f"{name}: no program that it may execute gets more")


def default_user():
    try:
        return pwd.getpwnam("stealscope")
    except KeyError:
        return pwd.getpwnam("nobody")


def unprivileged(exporter, guest):
    """It has no privilege left, and still finds what starts, and keeps what it knows."""
    gave_up(exporter, default_user(), "by default")
    known = [guest]
    if accel() == "kvm":
        late = Guest("live-late", append="sleep=1000", uuid=UUID)
        labels = wait_for("the late guest", lambda: exporter.domains().get(late.pid))
        equal((labels["domain"], labels["uuid"], labels["accel"]), (late.name, UUID, "kvm"),
              "a guest that starts later is found and named")
        known.append(late)
    else:
        skip("a guest that starts later", "without privileges no TCG guest can be told from others")
    begin = time.monotonic()
    wait_for("the full scan that comes every 30 s", lambda: time.monotonic() > begin + 32)
    names = {pid: labels["domain"] for pid, labels in exporter.domains().items()}
    equal([names.get(one.pid) for one in known], [one.name for one in known],
          "a second look, that sees less, takes nothing away")
    for one in known[1:]:
        one.quit()


def restart(exporter):
    """One name, two processes: the counter goes on."""
    def steal():
        return of(exporter.samples(), STEAL, domain="live-again")

    rival = Guest("live-rival")
    first = Guest("live-again")
    before = wait_for("steal of the first", lambda: steal() > 0.3 and steal())
    first.quit()
    second = Guest("live-again")
    wait_for("the second", lambda: second.pid in exporter.domains())
    after = steal()
    ok(after >= before, "a restarted guest's counter does not go back", (before, after))
    ok(wait_for("more steal", lambda: steal() > after), "and grows on")
    second.quit()
    rival.quit()


def bpf_ids(pid):
    """{("prog", "12"), ("map", "34"), …}: what the process holds in the kernel."""
    found = set()
    for path in glob.glob(f"/proc/{pid}/fdinfo/*"):
        with open(path) as file:
            found |= set(re.findall(r"^(prog|map|link)_id:\s*(\d+)$", file.read(), re.M))
    return found


def killed():
    if not shutil.which("bpftool", path=os.environ["PATH"] + ":/usr/sbin"):
        skip("SIGKILL leaves nothing", "bpftool is not installed")
        return
    exporter = Exporter("--user", "root")
    ids = bpf_ids(exporter.pid)
    exporter.child.kill()
    exporter.child.wait()
    ok(len(ids) > 5, "it had programs and maps", ids)

    def gone():
        return all(subprocess.run(["/usr/sbin/bpftool", kind, "show", "id", number],
                                  capture_output=True).returncode for kind, number in ids)

    ok(wait_for("the kernel to clean up", gone), "SIGKILL leaves nothing in the kernel")


def pages(exporter):
    code, headers, body = fetch(exporter.url + "/")
    ok(code == 200 and b'href="/metrics"' in body and "html" in headers["Content-Type"],
       "landing page")
    equal(fetch(exporter.url + "/healthz")[2], b"ok\n", "healthz")
    equal(fetch(exporter.url + "/metrics")[1]["Content-Type"],
          "text/plain; version=0.0.4; charset=utf-8", "content type")


def libvirt(guests):
    exporter = Exporter("--compat", "libvirt", "--self")

    def stolen(samples):
        return all(of(samples, STEAL, domain=guest.name) > 0.1 for guest in guests) and samples

    samples = exporter.wait("steal of each", stolen)
    delays = {(labels["domain"], labels["vcpu"]): value for labels, value in samples[LIBVIRT_DELAY]}
    for guest in guests:
        near(delays.get((guest.name, "0"), 0), of(samples, STEAL, domain=guest.name, vcpu="0"), 1e-9,
             f"--compat libvirt: delay of {guest.name}")
    equal(len(delays), len(samples[LIBVIRT_DELAY]), "… one for each vCPU")
    ok(any(value > 0 for _, value in samples["stealscope_bpf_run_seconds_total"]),
       "--self: what the programs cost")
    equal(exporter.finish(), 0, "SIGTERM ends it")


def health():
    """Who asks while no report comes for more than three intervals is told so; then it is well."""
    interval = 0.5
    exporter = Exporter(str(interval))

    def ask():
        channel = http.client.HTTPConnection("127.0.0.1", exporter.port, timeout=TIMEOUT)
        channel.request("GET", "/healthz")
        return channel

    def answer(channel):
        with channel.getresponse() as reply:
            return reply.status, reply.read()

    def asked_while_stopped():
        exporter.child.send_signal(signal.SIGSTOP)
        wait_for("it to stop", lambda: status(exporter.pid)["State"].startswith("T"))
        begin = time.monotonic()
        channel = ask()
        wait_for("three intervals", lambda: time.monotonic() - begin > 3.5 * interval)
        exporter.child.send_signal(signal.SIGCONT)
        return answer(channel)

    def late():
        code, text = asked_while_stopped()
        return code != 200 and (code, text)

    equal(answer(ask()), (200, b"ok\n"), "health of an exporter that goes on")
    # One that was stopped within a report has a new one as soon as it goes on: then once more.
    equal(wait_for("health to be late", late), (503, b"no report for three intervals\n"),
          "health of one that stood still")
    wait_for("the next report", lambda: answer(ask()) == (200, b"ok\n"))
    equal(exporter.finish(), 0, "exit status")


def default_address():
    """Nobody but this host may ask unless told so. 127.0.0.2 is an address of this host, too."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", PORT))
        except OSError as error:
            return skip("the default address", f"port {PORT}: {error}")
    exporter = Exporter(listen="")
    equal(exporter.url, f"http://127.0.0.1:{PORT}", "the default address is of loopback")
    with socket.socket() as probe:
        equal(probe.connect_ex(("127.0.0.2", PORT)), errno.ECONNREFUSED, "… and of nothing else")
    equal(exporter.finish(), 0, "exit status")


def port_taken(exporter):
    code, _, err = tool("export", "--listen", exporter.target)
    ok(code == 1 and "in use" in err, "a port that is taken", err)
    for address in ("nowhere", "127.0.0.1", "127.0.0.1:99999", "::1:80", "[::1:80"):
        code, _, err = tool("export", "--listen", address)
        ok(code == 1 and "ADDRESS:PORT" in err, f"--listen {address}", err)
    code, _, err = tool("export", "--listen", "unix:/nowhere/socket")
    ok(code == 1 and "No such file" in err, "a socket where no directory is", err)
    code, _, err = tool("export", "--user", "no-such-user", "--listen", "127.0.0.1:0")
    ok(code == 1 and "no such user" in err, "--user that does not exist", err)


def unit():
    analyze = shutil.which("systemd-analyze")
    if not analyze:
        skip("the unit's hardening", "systemd-analyze is not installed")
        return
    checked = subprocess.run([analyze, "security", "--no-pager", "--offline=true", "--threshold=30",
                              os.path.join(DIST, "stealscope-exporter.service")],
                             capture_output=True, text=True)
    ok(checked.returncode == 0, "systemd-analyze security: below 3.0", checked.stdout)
    diag(checked.stdout.strip().splitlines()[-1])


def test():
    unit()
    if not os.path.exists("/dev/kvm"):
        skip_all("a domain is found without privileges through KVM only")
    guests = [Guest("live-a"), Guest('live-"b\\', uuid="00000000-1111-2222-3333-444444444444")]
    exporters = [Exporter(extra_groups=ROOTS_GROUPS), Exporter()]
    promtool(exporters[0])
    pages(exporters[0])
    garbage(exporters[0])
    many_clients(exporters[0])
    if shutil.which("prometheus"):
        server = Prometheus([one.target for one in exporters], [RULES])
        same_as_hist(server, exporters, guests)
        time.sleep(4)
        fleet(server, exporters, guests)
        rules(server)
        dashboard(server)
        server.child.kill()
    else:
        skip("a real Prometheus server", "prometheus is not installed")
    libvirt(guests)
    health()
    default_address()
    for guest in guests:
        guest.stop()
    unprivileged(exporters[0], guests[0])
    if accel() == "kvm":
        restart(exporters[0])
    else:
        skip("a restarted guest", "without privileges no TCG guest can be told from others")
    port_taken(exporters[0])
    tls_and_users()
    bad_web_config()
    textfile()
    for exporter in exporters:
        equal(exporter.finish(), 0, "exit status")
        said = [line for line in exporter.stderr().splitlines() if "serving metrics" not in line]
        equal([line for line in said if "no user stealscope on this host" not in line], [],
              "it had nothing to complain about")
        equal(bool(said), default_user().pw_name != "stealscope", "but that it became nobody")
    killed()


main(test)
