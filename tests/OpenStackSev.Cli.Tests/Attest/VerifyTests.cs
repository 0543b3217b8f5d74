using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;

namespace OpenStackSev.Cli.Tests.Attest;

public sealed class VerifyTests : IDisposable
{
    private readonly SimulatedEvidence _given = new();

    public void Dispose() => _given.Dispose();

    [Theory]
    [InlineData("milan-v3", "milan", "affirming", 0)]
    [InlineData("genoa-v3", "genoa", "affirming", 0)]
    [InlineData("turin-v5", "turin", "affirming", 0)]
    [InlineData("milan-v2", "milan", "contraindicated", 2, "snp.tcb.below_minimum")]
    [InlineData("milan-v2-debug", "milan", "contraindicated", 2, "snp.policy.debug", "snp.tcb.below_minimum")]
    public async Task A_real_report_is_genuine_and_answered_as_its_index_says(string name, string product, string verdict, int code, params string[] refused)
    {
        CommandLine run = await CommandLine.RunAsync("attest", "verify", "--report", RealEvidence.At($"snp/{name}/report.bin"),
            "--certs", RealEvidence.At($"snp/{name}"), "--roots", RealEvidence.At("roots"), "--at", "2026-11-24T12:00:00Z", "-f", "json");
        Assert.Equal("", run.Error);
        JsonElement result = run.Json();
        Assert.True(result.GetProperty("genuine").GetBoolean());
        Assert.True(result.GetProperty("bound_to_chip").GetBoolean());
        Assert.False(result.GetProperty("simulated").GetBoolean());
        Assert.Equal("guest-report", result.GetProperty("evidence").GetString());
        Assert.Equal(product, result.GetProperty("product").GetString());
        Assert.Equal(verdict, result.GetProperty("verdict").GetString());
        Assert.Superset(refused.ToHashSet(StringComparer.Ordinal), Codes(result).ToHashSet(StringComparer.Ordinal));
        Assert.Equal(code, run.ExitCode);
    }

    [Theory]
    [InlineData("2026-11-24T12:00:00Z", false, "snp.certificate.expired", "snp.chip_id.masked", "snp.vmpl.not_allowed")]
    [InlineData("2025-01-15T00:00:00+00:00", true, "snp.chip_id.masked", "snp.vmpl.not_allowed")]
    [InlineData("2025-01-15T00:00:00.123Z", true, "snp.chip_id.masked", "snp.vmpl.not_allowed")]
    public async Task A_real_VLEK_is_judged_at_the_time_that_is_given(string at, bool genuine, params string[] codes)
    {
        CommandLine run = await CommandLine.RunAsync("attest", "verify", "--report", RealEvidence.At("snp/milan-vlek-v3/report.bin"),
            "--certs", RealEvidence.At("snp/milan-vlek-v3/vlek.der"), "--roots", RealEvidence.At("roots"), "--at", at, "-f", "json");
        JsonElement result = run.Json();
        Assert.Equal(genuine, result.GetProperty("genuine").GetBoolean());
        Assert.Equal("vlek", result.GetProperty("key").GetProperty("kind").GetString());
        Assert.Equal(codes, Codes(result));
        Assert.Equal(2, run.ExitCode);
    }

    [Theory]
    [InlineData("test-vcek-invalid-legacy.der")]
    [InlineData("test-vcek-invalid-new.der")]
    public async Task A_real_VCEK_whose_chip_was_replaced_is_refused(string name)
    {
        CommandLine run = await CommandLine.RunAsync("attest", "verify", "--report", RealEvidence.At("snp/milan-v3/report.bin"),
            "--certs", RealEvidence.At("snp/tampered-vcek/" + name), "--roots", RealEvidence.At("roots"), "-f", "json");
        Assert.Contains("snp.vek.signature", Codes(run.Json()));
        Assert.Equal(2, run.ExitCode);
    }

    [Fact]
    public async Task Certificates_in_every_form_answer_alike()
    {
        string pem = PemEncoding.WriteString("CERTIFICATE", _given.Chip.Vcek.Certificate);
        string[][] forms =
        [
            ["--certs", _given.Vcek],
            ["--certs", _given.Write("vcek.pem", pem)],
            ["--certs", _given.Write("bundle.pem", "VCEK, then the chain\n" + pem + "\n" + _given.Authority.VcekChainPem)],
            ["--certs", _given.Write("table.bin", _given.Chip.CertificateTable())],
            ["--certs", Path.GetDirectoryName(_given.Vcek)!],
            ["--certs", _given.Vcek, _given.Write("ask.der", _given.Authority.Ask.Certificate)],
        ];
        foreach (string[] form in forms)
        {
            CommandLine run = (await _given.VerifyAsync([.. form, "-f", "json"])).Succeeded();
            JsonElement result = run.Json();
            Assert.Equal("affirming", result.GetProperty("verdict").GetString());
            Assert.True(result.GetProperty("simulated").GetBoolean());
        }
    }

    [Fact]
    public async Task The_JSON_has_its_documented_members()
    {
        JsonElement result = (await _given.VerifyAsync("--certs", _given.Vcek, "-f", "json")).Succeeded().Json();
        Assert.Equal(
            ["genuine", "verdict", "evidence", "product", "simulated", "bound_to_chip", "findings", "not_checked", "launch_digest", "key", "policy", "at",
                "report"],
            result.EnumerateObject().Select(member => member.Name));
        Assert.Equal(
            ["version", "guest_svn", "policy", "family_id", "image_id", "vmpl", "host_requested", "signature_algo", "current_tcb", "platform_info",
                "key_info", "report_data", "measurement", "host_data", "id_key_digest", "author_key_digest", "report_id", "report_id_ma", "reported_tcb",
                "cpuid", "chip_id", "chip_id_masked", "committed_tcb", "current_version", "committed_version", "launch_tcb", "launch_mit_vector",
                "current_mit_vector", "signature"],
            result.GetProperty("report").EnumerateObject().Select(member => member.Name));
        Assert.Equal(["fmc", "bootloader", "tee", "snp", "microcode"],
            result.GetProperty("report").GetProperty("current_tcb").EnumerateObject().Select(member => member.Name));
        Assert.Equal(_given.Authority.Ark.Fingerprint, result.GetProperty("key").GetProperty("root_sha256").GetString());
        Assert.Equal(["report_data", "measurement"], result.GetProperty("not_checked").EnumerateArray().Select(e => e.GetString()!));
    }

    [Fact]
    public async Task Each_finding_says_code_tier_subject_expected_and_actual()
    {
        string hex = new('a', 128);
        CommandLine run = await _given.VerifyAsync("--certs", _given.Vcek, "--report-data", hex, "-f", "json");
        JsonElement finding = Assert.Single(run.Json().GetProperty("findings").EnumerateArray());
        Assert.Equal(["code", "tier", "subject", "expected", "actual"], finding.EnumerateObject().Select(member => member.Name));
        Assert.Equal("snp.report_data.mismatch", finding.GetProperty("code").GetString());
        Assert.Equal("contraindicated", finding.GetProperty("tier").GetString());
        Assert.Equal(2, run.ExitCode);
    }

    [Fact]
    public async Task Report_data_that_fits_is_affirming_and_no_longer_among_what_was_not_checked()
    {
        byte[] nonce = RandomNumberGenerator.GetBytes(64);
        _given.Write("report.bin", _given.Chip.Report(_given.Chip.Fields with { ReportData = nonce }));
        string hex = Convert.ToHexString(nonce);
        JsonElement result = (await _given.VerifyAsync("--certs", _given.Vcek, "--report-data", hex, "-f", "json")).Succeeded().Json();
        Assert.Equal(["measurement"], result.GetProperty("not_checked").EnumerateArray().Select(e => e.GetString()!));
        Assert.Equal(["measurement"], (await _given.VerifyAsync("--certs", _given.Vcek, "--report-data", "0x" + hex, "-f", "json")).Succeeded().Json()
            .GetProperty("not_checked").EnumerateArray().Select(e => e.GetString()!));
    }

    [Fact]
    public async Task The_table_says_the_verdict_first_what_was_not_checked_and_that_it_is_simulated()
    {
        string text = (await _given.VerifyAsync("--certs", _given.Vcek)).Succeeded().Out;
        Assert.StartsWith("SIMULATED: ", text, StringComparison.Ordinal);
        Assert.Contains("\nAFFIRMING: ", text, StringComparison.Ordinal);
        Assert.Contains("Not checked: report data was not compared: the report may be an old one", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\x1b', text);
        Assert.DoesNotMatch("(?m) $", text);

        CommandLine colours = await CommandLine.RunAsync(terminal: true, colours: true, ["attest", "verify", .. _given.Trusted, "--certs", _given.Vcek]);
        Assert.Contains('\x1b', colours.Out);
    }

    [Theory]
    [InlineData(false, 0, "affirming")]
    [InlineData(true, 2, "contraindicated")]
    public async Task A_report_that_allows_debugging_is_contraindicated_and_says_so(bool debug, int code, string verdict)
    {
        _given.Write("report.bin", _given.Chip.Report(_given.Chip.Fields with { Policy = _given.Chip.Fields.Policy | (debug ? 1UL << 19 : 0) }));
        CommandLine run = await _given.VerifyAsync("--certs", _given.Vcek);
        Assert.Contains(verdict.ToUpperInvariant() + ": ", run.Out, StringComparison.Ordinal);
        Assert.Equal(code, run.ExitCode);
    }

    [Fact]
    public async Task A_root_that_somebody_made_is_refused_wherever_it_lies()
    {
        string[] plain = ["attest", "verify", "--report", _given.Report, "--certs", _given.Vcek, "-f", "json"];
        CommandLine inRoots = await CommandLine.RunAsync([.. plain, "--roots", _given.Roots]);
        Assert.Equal(["snp.root.untrusted"], Codes(inRoots.Json()));
        Assert.Equal(2, inRoots.ExitCode);

        string chain = _given.Write("chain.pem", _given.Authority.VcekChainPem);
        CommandLine inCertificates = await CommandLine.RunAsync([.. plain, "--certs", chain, "--roots", _given.Vcek]);
        Assert.Equal(["snp.root.untrusted"], Codes(inCertificates.Json()));

        CommandLine another = await CommandLine.RunAsync([.. plain, "--roots", _given.Roots, "--simulated-root", new string('0', 64)]);
        Assert.Equal(["snp.root.untrusted"], Codes(another.Json()));
    }

    [Fact]
    public async Task Without_a_key_or_a_root_nothing_is_judged_and_a_hint_says_what_to_give()
    {
        CommandLine noKey = await _given.VerifyAsync();
        Assert.Equal(3, noKey.ExitCode);
        Assert.Contains("NONE: ", noKey.Out, StringComparison.Ordinal);
        Assert.StartsWith("hint: give the VCEK or VLEK with --certs; AMD has it at https://kdsintf.amd.com/vcek/v1/Turin/", noKey.Error, StringComparison.Ordinal);

        Directory.CreateDirectory(_given.At("empty"));
        CommandLine noRoot = await CommandLine.RunAsync("attest", "verify", "--report", _given.Report, "--certs", _given.Vcek, "--roots", _given.At("empty"));
        Assert.Equal(3, noRoot.ExitCode);
        Assert.Equal("hint: give the folder of AMD's roots and issuers with --roots\n", noRoot.Error);
    }

    [Fact]
    public async Task A_CRL_is_asked_and_one_that_is_stale_or_forged_is_no_yes()
    {
        string stale = _given.Write("stale.crl", _given.Authority.IssueCrl(new()
        {
            ThisUpdate = DateTimeOffset.UtcNow.AddDays(-60),
            NextUpdate = DateTimeOffset.UtcNow.AddDays(-30),
        }));
        File.Delete(Path.Join(_given.Roots, "vcek.crl"));
        File.Delete(Path.Join(_given.Roots, "vlek.crl"));
        CommandLine old = await _given.VerifyAsync("--certs", _given.Vcek, "--crl", stale, "-f", "json");
        Assert.Equal(["snp.crl.stale"], Codes(old.Json()));
        Assert.Equal(3, old.ExitCode);

        string revoking = _given.Write("vcek.crl", _given.Authority.IssueCrl(new() { Revoked = [_given.Authority.Ask.Serial] }));
        CommandLine revoked = await _given.VerifyAsync("--certs", _given.Vcek, "--crl", revoking, "-f", "json");
        Assert.Equal(["snp.issuer.revoked"], Codes(revoked.Json()));
        Assert.Equal(2, revoked.ExitCode);
    }

    [Fact]
    public async Task A_file_that_is_named_and_cannot_be_read_is_a_finding_and_the_result_none()
    {
        string garbage = _given.Write("garbage.der", "not a certificate");
        foreach (string[] named in new string[][] { ["--certs", garbage], ["--crl", garbage], ["--crl", _given.Vcek] })
        {
            CommandLine run = await _given.VerifyAsync(["--certs", _given.Vcek, .. named, "-f", "json"]);
            Assert.Equal(["snp.certificate.malformed"], Codes(run.Json()));
            Assert.False(run.Json().GetProperty("genuine").GetBoolean());
            Assert.Equal(3, run.ExitCode);
        }
    }

    [Fact]
    public async Task What_is_no_certificate_in_a_folder_is_passed_over_with_a_note()
    {
        _given.Write("roots/README.der", "not a certificate");
        _given.Write("roots/empty.pem", "");
        _given.Write("roots/unrelated.txt", "not even named like one");
        File.CreateSymbolicLink(Path.Join(_given.Roots, "again"), _given.Roots);
        File.CreateSymbolicLink(Path.Join(_given.Roots, "nowhere.der"), Path.Join(_given.Roots, "nowhere.der"));
        // Nobody writes to it: who opens it waits for ever.
        using (Process pipe = Process.Start("mkfifo", [Path.Join(_given.Roots, "pipe.der")]))
            await pipe.WaitForExitAsync(TestContext.Current.CancellationToken);
        CommandLine run = await _given.VerifyAsync("--certs", _given.Vcek);
        Assert.Equal(0, run.ExitCode);
        string[] notes = run.Error.TrimEnd('\n').Split('\n');
        Assert.Equal(4, notes.Length);
        Assert.All(notes, note => Assert.StartsWith("note: " + _given.Roots, note, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Of_a_folder_of_a_whole_cloud_only_the_keys_of_the_chip_are_read()
    {
        string chip = Convert.ToHexStringLower(_given.Chip.ChipId);
        _given.Write($"roots/Turin/vcek/{chip}/key.der", _given.Chip.Vcek.Certificate);
        _given.Write("roots/Turin/vcek/0011223344556677/key.der", "would be noted if it were read");
        _given.Write("roots/Milan/ark.der", "would be noted if it were read");
        (await _given.VerifyAsync()).Succeeded();
    }

    [Theory]
    [InlineData("--report is missing")]
    [InlineData("--report /nowhere/report.bin: there is no such file", "--report", "/nowhere/report.bin")]
    [InlineData("--report /tmp: is a folder", "--report", "/tmp")]
    [InlineData("--certs /nowhere/vcek.der: there is no such file", "--report", "REPORT", "--certs", "/nowhere/vcek.der")]
    [InlineData("--roots /nowhere: there is no such file", "--report", "REPORT", "--roots", "/nowhere")]
    [InlineData("--crl /tmp: is a folder", "--report", "REPORT", "--crl", "/tmp")]
    [InlineData("--report-data: 2 bytes, and REPORT_DATA has 64", "--report", "REPORT", "--report-data", "0011")]
    [InlineData("--report-data: is not hexadecimal", "--report", "REPORT", "--report-data", "nonce")]
    [InlineData("--report-data: is not hexadecimal", "--report", "REPORT", "--report-data", "001")]
    [InlineData("--report-data: 0 bytes", "--report", "REPORT", "--report-data", "")]
    [InlineData("--simulated-root 00: is neither a SHA-256 nor a file", "--report", "REPORT", "--simulated-root", "00")]
    [InlineData("--simulated-root REPORT: is not the certificate of an ARK", "--report", "REPORT", "--simulated-root", "REPORT")]
    [InlineData("--policy /nowhere: there is no such file", "--report", "REPORT", "--policy", "/nowhere")]
    [InlineData("--policy REPORT: $", "--report", "REPORT", "--policy", "REPORT")]
    [InlineData("--at yesterday: is no time", "--report", "REPORT", "--at", "yesterday")]
    [InlineData("--at 2026-11-24: is no time", "--report", "REPORT", "--at", "2026-11-24")]
    [InlineData("--at 2026-11-24T12:00:00: is no time", "--report", "REPORT", "--at", "2026-11-24T12:00:00")]
    [InlineData("Unrecognized command or argument '--frobnicate'", "--report", "REPORT", "--frobnicate")]
    public async Task What_cannot_be_meant_is_64_and_never_a_verdict(string error, params string[] args) =>
        (await CommandLine.RunAsync(["attest", "verify", .. args.Select(a => a == "REPORT" ? _given.Report : a)]))
            .AssertError(ExitCode.BadUsage, error.Replace("REPORT:", _given.Report + ":", StringComparison.Ordinal));

    [Fact]
    public async Task A_policy_is_asked_and_named_in_the_result()
    {
        string policy = _given.Write("policy.json", """{ "version": 1, "name": "strict", "platform": { "tio": "required" } }""");
        CommandLine run = await _given.VerifyAsync("--certs", _given.Vcek, "--policy", policy, "-f", "json");
        Assert.Equal(["snp.platform.required"], Codes(run.Json()));
        Assert.True(run.Json().GetProperty("genuine").GetBoolean());
        Assert.Equal("strict", run.Json().GetProperty("policy").GetString());
        Assert.Equal(2, run.ExitCode);
    }

    [Fact]
    public async Task A_simulated_root_is_named_by_its_hash_its_certificate_or_the_policy()
    {
        string[] plain = ["attest", "verify", "--report", _given.Report, "--certs", _given.Vcek, "--roots", _given.Roots];
        string policy = _given.Write("policy.json", $$"""{ "version": 1, "simulated_roots": ["{{_given.Authority.Ark.Fingerprint}}"] }""");
        (await CommandLine.RunAsync([.. plain, "--simulated-root", _given.Authority.Ark.Fingerprint.ToUpperInvariant()])).Succeeded();
        (await CommandLine.RunAsync([.. plain, "--simulated-root", Path.Join(_given.Roots, "ark.pem")])).Succeeded();
        (await CommandLine.RunAsync([.. plain, "--policy", policy])).Succeeded();
    }

    [Fact]
    public async Task Bytes_that_are_no_report_are_none_and_a_known_wrapping_is_told()
    {
        byte[] report = _given.Chip.Report(_given.Chip.Fields);
        byte[] response = new byte[4000];
        response[4] = 0xA0;
        response[5] = 0x04;
        report.CopyTo(response, 0x20);
        byte[] azure = [.. "HCLA"u8, .. new byte[0x1C], .. report, .. new byte[100]];
        foreach ((byte[] content, string? hint) in new[]
        {
            ([], (string?)null),
            (report[..1183], null),
            (RandomNumberGenerator.GetBytes(1183), null),
            (response, "hint: this is the answer of SNP_GET_REPORT with the report inside, at 0x20: "),
            (azure, "hint: this is an Azure HCL report with the report inside, at 0x20: "),
            ([.. report, .. _given.Chip.CertificateTable()], "hint: the first 1184 bytes are a report"),
            (System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(report)), "hint: this is text"),
        })
        {
            _given.Write("report.bin", content);
            CommandLine run = await _given.VerifyAsync("--certs", _given.Vcek, "-f", "json");
            Assert.Equal(["snp.report.size"], Codes(run.Json()));
            Assert.Equal(JsonValueKind.Null, run.Json().GetProperty("report").ValueKind);
            Assert.Equal("none", run.Json().GetProperty("evidence").GetString());
            Assert.Equal(3, run.ExitCode);
            if (hint is null)
                Assert.Equal("", run.Error);
            else
                Assert.StartsWith(hint, run.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_report_of_ten_megabytes_and_one_without_an_end_are_refused_soon()
    {
        (await _given.VerifyAsync("--certs", "/dev/zero")).AssertError(3, "--certs /dev/zero: is longer than 4194304 bytes");
        _given.Write("report.bin", new byte[10 * 1024 * 1024]);
        (await _given.VerifyAsync()).AssertError(3, $"--report {_given.Report}: is longer than 1048576 bytes");
        (await CommandLine.RunAsync("attest", "verify", "--report", "/dev/zero")).AssertError(3, "--report /dev/zero: is longer than");
    }

    [Theory]
    [InlineData("osev attest verify --report - < {0} --certs {1} --roots {2} --simulated-root {3} -f json")]
    [InlineData("osev attest verify --report <(cat {0}) --certs <(cat {1}) --roots {2} --simulated-root {3} -f json")]
    public void Reports_and_certificates_come_through_pipes(string command)
    {
        ProcessStartInfo start = new("bash") { UseShellExecute = false, RedirectStandardOutput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(string.Format(command, _given.Report, _given.Vcek, _given.Roots, _given.Authority.Ark.Fingerprint));
        start.Environment["PATH"] = $"{AppContext.BaseDirectory}:{Environment.GetEnvironmentVariable("PATH")}";
        using Process process = Process.Start(start)!;
        using JsonDocument result = JsonDocument.Parse(process.StandardOutput.ReadToEnd());
        process.WaitForExit();
        Assert.Equal("affirming", result.RootElement.GetProperty("verdict").GetString());
        Assert.Equal(0, process.ExitCode);
    }

    private static string[] Codes(JsonElement result) =>
        [.. result.GetProperty("findings").EnumerateArray().Select(finding => finding.GetProperty("code").GetString()!)];
}
