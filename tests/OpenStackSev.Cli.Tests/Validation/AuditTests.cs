using System.Diagnostics;
using System.Text.Json;

namespace OpenStackSev.Cli.Tests.Validation;

public sealed class AuditTests : IDisposable
{
    private const string NotUefi = "request.firmware.not_uefi";
    private static readonly string s_sev = Bodies.Flavor("sev.small", "f1", ("hw:mem_encryption", "true"));
    private static readonly string s_bios = Bodies.Image("debian", "i1", ("hw_firmware_type", "bios"));
    private readonly Bodies _bodies = new();

    public void Dispose() => _bodies.Dispose();

    [Fact]
    public async Task The_document_groups_by_finding()
    {
        CommandLine run = await AuditAsync([s_sev], [s_bios], "-f", "json");
        Assert.Equal("", run.Error);
        Assert.Equal(2, run.ExitCode);
        JsonElement audit = run.Json();
        Assert.Equal(["release", "flavors", "images", "pairs", "left_out", "findings", "not_judged"], audit.EnumerateObject().Select(member => member.Name));
        JsonElement finding = ValidateTests.Finding(audit, NotUefi);
        Assert.Equal(["code", "level", "pairs", "subjects", "example", "why", "source"], finding.EnumerateObject().Select(member => member.Name));
        Assert.Equal(["kind", "name", "id", "subject", "pairs", "message", "fix"], finding.GetProperty("subjects")[0].EnumerateObject().Select(member => member.Name));
        Assert.Equal(("image", "debian", "i1"), (Text(finding, "kind"), Text(finding, "name"), Text(finding, "id")));
        Assert.Equal("sev.small", finding.GetProperty("example").GetProperty("flavor").GetString());

        static string? Text(JsonElement finding, string member) => finding.GetProperty("subjects")[0].GetProperty(member).GetString();
    }

    [Fact]
    public async Task The_table_has_a_line_a_finding()
    {
        CommandLine run = await AuditAsync([s_sev], [s_bios], "--release", "zed");
        Assert.StartsWith("1 flavors × 1 images on zed: 1 combinations\n", run.Out, StringComparison.Ordinal);
        Assert.Matches($"(?m)^error +{NotUefi} +1 +1 image: debian +memory encryption is asked for", run.Out);
    }

    [Fact]
    public async Task Lists_may_be_bare_and_a_cloud_without_either_has_nothing_to_find() =>
        Assert.Contains("No findings.", (await CommandLine.RunAsync("audit", "--flavors-file", _bodies.File("f.json", "[]"),
            "--images-file", _bodies.File("i.json", """{"images":[]}"""))).Succeeded().Out, StringComparison.Ordinal);

    [Fact]
    public async Task What_cannot_be_read_is_named_and_the_rest_is_judged()
    {
        CommandLine run = await AuditAsync([s_sev, """{"name":"half\u001b"}"""], [s_bios, "7"], "-f", "json");
        Assert.Equal(ExitCode.NotJudged, run.ExitCode);
        _ = ValidateTests.Finding(run.Json(), NotUefi);
        Assert.Equal(2, run.Json().GetProperty("not_judged").GetArrayLength());
        Assert.StartsWith(@"note: not judged: flavor 2: flavor 'half\u001b' has no extra_specs", run.Error, StringComparison.Ordinal);
        Assert.Contains("\nnote: not judged: image 2: the image is a number", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "is no list of flavors")]
    [InlineData("""{"flavors":{}}""", "is no list of flavors")]
    [InlineData("nonsense", "is not JSON that can be read")]
    [InlineData("", "is not JSON that can be read")]
    public async Task A_file_that_is_no_list_is_no_judgement(string content, string error)
    {
        CommandLine run = await CommandLine.RunAsync("audit", "--flavors-file", _bodies.File("f.json", content), "--images-file", "/dev/null");
        run.AssertError(ExitCode.NotJudged, "--flavors-file ");
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_combinations_than_can_be_kept_are_refused()
    {
        string flavor = """{"name":"x","extra_specs":{}},""", image = """{"name":"x"},""";
        CommandLine run = await CommandLine.RunAsync("audit",
            "--flavors-file", _bodies.File("f.json", $"[{string.Concat(Enumerable.Repeat(flavor, 1001)).TrimEnd(',')}]"),
            "--images-file", _bodies.File("i.json", $"[{string.Concat(Enumerable.Repeat(image, 10_000)).TrimEnd(',')}]"));
        run.AssertError(ExitCode.NotJudged, "10010000 combinations are more than the 10000000 that are judged at once");
    }

    [Fact]
    public async Task Progress_is_for_who_looks_at_it()
    {
        string[] args = ["audit", "--flavors-file", _bodies.File("f.json", $"[{s_sev}]"), "--images-file", _bodies.File("i.json", $"[{s_bios}]")];
        using StringWriter output = new(), error = new();
        await Osev.RunAsync(args, new CommandConsole(output, error, terminal: false, colours: false, errorTerminal: true), TestContext.Current.CancellationToken);
        Assert.Contains("judging 1 combinations: 50", error.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("\r\u001b[K", error.ToString(), StringComparison.Ordinal);
        Assert.Equal("", (await CommandLine.RunAsync(args)).Error);
    }

    [Fact]
    public async Task The_script_has_each_command_once_with_what_it_is_for()
    {
        CommandLine run = await AuditAsync([s_sev, Bodies.Flavor("sev.large", "f2", ("hw:mem_encryption", "true"))], [s_bios], "--fix");
        Assert.StartsWith("#!/usr/bin/env bash\n", run.Out, StringComparison.Ordinal);
        Assert.Contains($"\n# ERROR {NotUefi}, in 2 combinations\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("\n# image 'debian': memory encryption is asked for, but image 'debian' has hw_firmware_type 'bios'", run.Out, StringComparison.Ordinal);
        string[] commands = [.. run.Out.Split('\n').Where(line => line.StartsWith("openstack ", StringComparison.Ordinal))];
        Assert.Contains("openstack image set --property hw_firmware_type=uefi i1", commands);
        Assert.Equal(commands.Distinct(StringComparer.Ordinal), commands);
    }

    [Fact]
    public async Task What_a_hint_proposes_is_commented_out()
    {
        string script = (await AuditAsync([s_sev], [Bodies.Image("good", "i2", ("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"))], "--fix", "--release", "zed")).Out;
        Assert.Contains("\n# HINT request.cpu_policy.shared, in 1 combination\n", script, StringComparison.Ordinal);
        Assert.Contains("\n#   openstack flavor set --property hw:cpu_policy=dedicated", script, StringComparison.Ordinal);
        Assert.DoesNotMatch("(?m)^openstack .*cpu_policy", script);
    }

    [Fact]
    public async Task What_two_combinations_would_set_differently_is_commented_out()
    {
        string Image(string name, string model) => Bodies.Image(name, name, ("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"), ("hw_mem_encryption_model", model));
        string one = (await AuditAsync([s_sev], [Image("a", "amd-sev")], "--fix")).Out;
        Assert.Contains("\nopenstack flavor set --property hw:mem_encryption_model=amd-sev f1\n", one, StringComparison.Ordinal);

        string two = (await AuditAsync([s_sev], [Image("a", "amd-sev"), Image("b", "amd-sev-es")], "--fix")).Out;
        Assert.DoesNotMatch("(?m)^openstack .*mem_encryption_model", two);
        foreach (string model in (string[])["amd-sev", "amd-sev-es"])
            Assert.Contains($"\n#   one of several that exclude each other: openstack flavor set --property hw:mem_encryption_model={model} f1\n", two, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_script_runs_the_commands_and_nothing_that_a_name_says()
    {
        string trap = _bodies.File("trap", "");
        string[] names = ["a\nrm -f TRAP", "a\u2028rm -f TRAP", "'; rm -f TRAP; '", "$(rm -f TRAP)", "`rm -f TRAP`", "\\", "-x", "a\r\nrm -f TRAP #", "\"; rm -f TRAP; \""];
        names = [.. names.Select(name => name.Replace("TRAP", trap, StringComparison.Ordinal))];
        // an image without an id is called by its name
        string[] images = [.. names.Select(name => JsonSerializer.Serialize(new Dictionary<string, string> { ["name"] = name }))];
        string[] flavors = [.. names.Select(name => JsonSerializer.Serialize(
            new Dictionary<string, object> { ["name"] = name, ["extra_specs"] = new Dictionary<string, string> { ["hw:mem_encryption"] = "true" } }))];
        string script = (await AuditAsync(flavors, images, "--fix")).Out;
        string path = _bodies.File("fixes.sh", script.Replace("set -eu", "openstack() { printf '%s\\0' \"${@: -1}\"; }", StringComparison.Ordinal));

        using Process bash = Process.Start(new ProcessStartInfo("bash", [path]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = bash.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string targets = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(("", 0), (await error, bash.ExitCode));
        Assert.True(File.Exists(trap), script);
        Assert.Superset(names.ToHashSet(StringComparer.Ordinal), targets.Split('\0', StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_script_is_the_same_for_the_same_cloud_in_any_order()
    {
        string[] images = [.. Enumerable.Range(0, 9).Select(i => Bodies.Image("image" + i, "i" + i))];
        string one = (await AuditAsync([s_sev], images, "--fix")).Out;
        Assert.Equal(one, (await AuditAsync([s_sev], [.. images.Reverse()], "--fix")).Out);
    }

    [Theory]
    [InlineData("--flavors-file and --images-file are both standard input", "--flavors-file", "-", "--images-file", "-")]
    [InlineData("--images-file /no/such: there is no such file", "--images-file", "/no/such")]
    [InlineData("--release newton: is not known", "--release", "newton")]
    public async Task Bad_usage_is_one_error_one_hint_and_64(string error, params string[] args) =>
        (await CommandLine.RunAsync(["audit", .. args])).AssertError(ExitCode.BadUsage, error);

    private Task<CommandLine> AuditAsync(string[] flavors, string[] images, params string[] more) => CommandLine.RunAsync(
        ["audit", "--flavors-file", _bodies.File("flavors.json", $$"""{"flavors":[{{string.Join(',', flavors)}}],"flavors_links":[]}"""),
            "--images-file", _bodies.File("images.json", $$"""{"images":[{{string.Join(',', images)}}],"first":"/v2/images"}"""), .. more]);
}
