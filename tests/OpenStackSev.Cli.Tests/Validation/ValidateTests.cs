using System.Text.Json;

namespace OpenStackSev.Cli.Tests.Validation;

public sealed class ValidateTests : IDisposable
{
    private const string NotUefi = "request.firmware.not_uefi";
    private readonly Bodies _bodies = new();

    public void Dispose() => _bodies.Dispose();

    [Fact]
    public async Task The_answer_says_what_Nova_makes_of_the_pair_and_what_is_wrong_with_it()
    {
        CommandLine run = await _bodies.ValidateAsync(
            Bodies.Flavor(("hw:mem_encryption", "true"), ("resources:CUSTOM_SEV_ASID", "1"), ("trait:CUSTOM_SEV", "required")),
            Bodies.Image(("hw_machine_type", "q35")), "--release", "2025.2", "-f", "json");
        Assert.Equal("", run.Error);
        Assert.Equal(2, run.ExitCode);
        JsonElement answer = run.Json();
        Assert.Equal(["request", "findings"], answer.EnumerateObject().Select(member => member.Name));
        JsonElement request = answer.GetProperty("request");
        Assert.Equal(["encrypted", "model", "resources", "traits"], request.EnumerateObject().Select(member => member.Name));
        Assert.True(request.GetProperty("encrypted").GetBoolean());
        Assert.Equal("amd-sev", request.GetProperty("model").GetString());
        Assert.Equal(["CUSTOM_SEV_ASID 1", "DISK_GB 20", "MEMORY_MB 2048", "MEM_ENCRYPTION_CONTEXT 1", "VCPU 2"],
            request.GetProperty("resources").EnumerateObject().Select(resource => $"{resource.Name} {resource.Value}"));
        Assert.Equal(["CUSTOM_SEV", "HW_CPU_X86_AMD_SEV"], request.GetProperty("traits").EnumerateArray().Select(trait => trait.GetString()));
        JsonElement finding = Finding(answer, NotUefi);
        Assert.Equal(["code", "level", "subject", "message", "why", "fix", "source"], finding.EnumerateObject().Select(member => member.Name));
        Assert.Equal("error", finding.GetProperty("level").GetString());
        Assert.Equal("image hw_firmware_type", finding.GetProperty("subject").GetString());
        Assert.Equal($"openstack image set --property hw_firmware_type=uefi {Bodies.ImageId}", finding.GetProperty("fix").GetString());
    }

    [Fact]
    public async Task Groups_keep_their_suffix_and_what_is_forbidden_its_mark()
    {
        JsonElement request = (await _bodies.ValidateAsync(
            Bodies.Flavor(("resources1:CUSTOM_X", "2"), ("trait1:CUSTOM_Y", "forbidden"), ("trait_a:CUSTOM_Z", "required"), ("trait:CUSTOM_W", "forbidden")),
            Bodies.Image(), "-f", "json")).Json().GetProperty("request");
        Assert.Equal(2, request.GetProperty("resources").GetProperty("1:CUSTOM_X").GetInt32());
        Assert.Equal(["!CUSTOM_W", "!1:CUSTOM_Y", "_a:CUSTOM_Z"], request.GetProperty("traits").EnumerateArray().Select(trait => trait.GetString()));
    }

    [Fact]
    public async Task A_plain_pair_is_not_encrypted_and_has_no_model()
    {
        JsonElement request = (await _bodies.ValidateAsync(Bodies.Flavor(), Bodies.Image(), "-f", "json")).Json().GetProperty("request");
        Assert.False(request.GetProperty("encrypted").GetBoolean());
        Assert.Equal(JsonValueKind.Null, request.GetProperty("model").ValueKind);
        Assert.False(request.GetProperty("resources").TryGetProperty("MEM_ENCRYPTION_CONTEXT", out _));
        Assert.Empty(request.GetProperty("traits").EnumerateArray());
    }

    [Fact]
    public async Task The_table_says_what_is_asked_of_Placement_and_each_finding_with_its_fix()
    {
        CommandLine run = await _bodies.ValidateAsync(Bodies.Flavor(("hw:mem_encryption", "true")), Bodies.Image(), "--release", "zed");
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("""
            flavor 'sev.small' with image 'debian-13' on zed: encrypted by amd-sev
            asked of Placement: DISK_GB=20 MEMORY_MB=2048 MEM_ENCRYPTION_CONTEXT=1 VCPU=2


            """, run.Out, StringComparison.Ordinal);
        Assert.Contains($"ERROR {NotUefi}: image hw_firmware_type\n", run.Out, StringComparison.Ordinal);
        Assert.Contains($"\n  fix: openstack image set --property hw_firmware_type=uefi {Bodies.ImageId}\n", run.Out, StringComparison.Ordinal);
    }

    [Theory, InlineData("zed", false), InlineData("26", false), InlineData("2025.2", true), InlineData("2026.2", true)]
    public async Task The_release_decides_what_Nova_asks_for(string release, bool trait)
    {
        JsonElement answer = (await _bodies.ValidateAsync(Bodies.Flavor(("hw:mem_encryption", "true")), Bodies.Image(), "--release", release, "-f", "json")).Json();
        Assert.Equal(trait, answer.GetProperty("request").GetProperty("traits").GetRawText().Contains("HW_CPU_X86_AMD_SEV", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Names_cannot_talk_to_the_terminal()
    {
        CommandLine run = await _bodies.ValidateAsync(Bodies.Flavor("\u001b]0;owned\a", "f1", ("hw:mem_encryption", "yes")), Bodies.Image("a\nb\u202e", "i1"));
        Assert.DoesNotMatch(@"[\u001b\a\u202e]", run.Out);
        Assert.StartsWith(@"flavor '\u001b]0;owned\u0007' with image 'a\u000ab\u202e' on ", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_openstack_client_prints_is_taken_too_and_a_byte_order_mark_does_not_matter()
    {
        CommandLine run = await _bodies.ValidateAsync(
            """
            {"OS-FLV-DISABLED:disabled": false, "OS-FLV-EXT-DATA:ephemeral": 0, "access_project_ids": null, "description": null, "disk": 1,
             "id": "7", "name": "m1", "os-flavor-access:is_public": true, "properties": {"hw:mem_encryption": "true"}, "ram": 64, "rxtx_factor": 1.0,
             "swap": "", "vcpus": 1}
            """,
            "\ufeff" + """{"id": "i", "name": "img", "properties": {"hw_firmware_type": "bios", "stores": ["file"]}, "tags": [], "size": 1}""", "-f", "json");
        Assert.Contains("has hw_firmware_type", Finding(run.Json(), NotUefi).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--flavor is missing")]
    [InlineData("--image is missing", "--flavor", "x")]
    [InlineData("--flavor and --flavor-file are both given", "--flavor", "x", "--flavor-file", "y", "--image", "z")]
    [InlineData("--image and --image-file are both given", "--flavor", "x", "--image", "y", "--image-file", "z")]
    [InlineData("--flavor-file and --image-file are both standard input", "--flavor-file", "-", "--image-file", "-")]
    [InlineData("--flavor-file /no/such: there is no such file", "--flavor-file", "/no/such", "--image-file", "/no/such")]
    [InlineData("--flavor-file /: is a folder", "--flavor-file", "/", "--image-file", "/")]
    [InlineData("--release newton: is not known", "--release", "newton", "--flavor", "x", "--image", "y")]
    [InlineData("-f jsonl is for --batch", "-f", "jsonl", "--flavor", "x", "--image", "y")]
    [InlineData("-f json is not for --batch", "-f", "json", "--batch", "x")]
    [InlineData("-f table is not for --batch", "-f", "table", "--batch", "x")]
    [InlineData("--image-file is not for --batch", "--image-file", "y", "--batch", "x")]
    [InlineData("--batch /no/such: there is no such file", "--batch", "/no/such")]
    [InlineData("-f yaml is not for --batch", "-f", "yaml", "--batch", "x")]
    [InlineData("Argument 'csv' not recognized", "-f", "csv", "--batch", "x")]
    public async Task Bad_usage_is_one_error_one_hint_and_64(string error, params string[] args) =>
        (await CommandLine.RunAsync(["validate", .. args])).AssertError(ExitCode.BadUsage, error);

    [Fact]
    public async Task A_cloud_that_is_not_there_is_no_judgement() =>
        (await CommandLine.RunAsync("validate", "--flavor", "x", "--image", "y", "--os-cloud", "no-such-cloud")).AssertError(ExitCode.NotJudged, "");

    internal static JsonElement Finding(JsonElement answer, string code) =>
        Assert.Single(answer.GetProperty("findings").EnumerateArray(), finding => finding.GetProperty("code").GetString() == code);
}
