using System.Text.Json;

namespace OpenStackSev.Cli.Tests.Validation.Heat;

/// <summary>What a template names is looked up in the cloud, by the built program.</summary>
public sealed class TemplateOfCloudTests : IDisposable
{
    private const string Template = """
        heat_template_version: wallaby
        parameters: {flavor: {type: string}, image: {type: string}}
        resources:
          server: {type: "OS::Nova::Server", properties: {flavor: {get_param: flavor}, image: {get_param: image}}}
        """;

    private readonly FakeCatalogue _catalogue = new();
    private readonly HeatFolder _folder = new();

    public TemplateOfCloudTests()
    {
        _catalogue.Add(Bodies.Flavor("sev.small", "f1", ("hw:mem_encryption", "true")));
        _catalogue.AddImage(Bodies.Image("debian", Bodies.ImageId));
    }

    public void Dispose()
    {
        _catalogue.Dispose();
        _folder.Dispose();
    }

    [Theory, InlineData("sev.small", "debian"), InlineData("f1", Bodies.ImageId)]
    public async Task A_pair_is_judged_as_the_cloud_has_it(string flavor, string image)
    {
        CommandLine run = await RunAsync(flavor, image);
        Assert.Equal("", run.Error);
        JsonElement pair = Assert.Single(run.Json().GetProperty("pairs").EnumerateArray());
        Assert.Equal(("sev.small", "debian"), (pair.GetProperty("flavor").GetString(), pair.GetProperty("image").GetString()));
        JsonElement finding = HeatFolder.Findings(run).Single(found => found.GetProperty("code").GetString() == "request.firmware.not_uefi");
        Assert.Equal($"openstack image set --property hw_firmware_type=uefi {Bodies.ImageId}", finding.GetProperty("fix").GetString());
        Assert.Equal(2, run.ExitCode);
    }

    [Fact]
    public async Task What_the_cloud_has_not_is_not_judged_and_said()
    {
        CommandLine run = await RunAsync("none", "debian");
        Assert.Equal(ExitCode.NotJudged, run.ExitCode);
        Assert.Contains("there is no flavor 'none' that this user may see", HeatFolder.NotJudged(run));
    }

    [Fact]
    public async Task What_a_template_makes_is_judged_by_what_the_cloud_has()
    {
        CommandLine run = await _catalogue.RunAsync("validate", "--heat", _folder.File("t.yaml", """
            heat_template_version: wallaby
            resources:
              flavor: {type: "OS::Nova::Flavor", properties: {vcpus: 1, ram: 64, disk: 1, extra_specs: {'hw:mem_encryption': 'true', 'resources:CUSTOM_SEV_ASID': '1'}}}
            """), "--release", "zed", "-f", "json");
        Assert.Contains("request.class.nonexistent", HeatFolder.Codes(run));
    }

    private Task<CommandLine> RunAsync(string flavor, string image) => _catalogue.RunAsync("validate", "--heat", _folder.File("t.yaml", Template),
        "--parameter", "flavor=" + flavor, "--parameter", "image=" + image, "--release", "zed", "-f", "json");
}
