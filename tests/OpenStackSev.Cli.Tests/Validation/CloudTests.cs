using System.Text.Json;
using OpenStackSev.OpenStack.Tests.Fakes;

namespace OpenStackSev.Cli.Tests.Validation;

/// <summary>Flavors and images of a cloud, by the built program.</summary>
public sealed class CloudTests : IDisposable
{
    private readonly FakeCatalogue _catalogue = new();

    public CloudTests()
    {
        _catalogue.Add(Bodies.Flavor("sev.small", "f1", ("hw:mem_encryption", "true")));
        _catalogue.Add(Bodies.Flavor("plain", "sev.small.id"));
        _catalogue.AddImage(Bodies.Image("debian", Id(1)));
        _catalogue.AddImage(Bodies.Image("twice", Id(2)));
        _catalogue.AddImage(Bodies.Image("twice", Id(3), ("hw_firmware_type", "uefi")));
        _catalogue.AddImage(Bodies.Image("secret", Id(4)), hidden: true);
        _catalogue.AddImage(Bodies.Image(Id(9), Id(5)));
    }

    public void Dispose() => _catalogue.Dispose();

    [Theory]
    [InlineData("sev.small", "debian", true), InlineData("f1", "debian", true), InlineData("sev.small.id", "debian", false)]
    [InlineData("sev.small", "secret", true)]
    public async Task Flavor_and_image_are_named_or_given_by_id(string flavor, string image, bool encrypted)
    {
        CommandLine run = await _catalogue.RunAsync("validate", "--flavor", flavor, "--image", image, "--release", "zed", "-f", "json");
        Assert.Equal("", run.Error);
        Assert.Equal(encrypted, run.Json().GetProperty("request").GetProperty("encrypted").GetBoolean());
    }

    [Fact]
    public async Task An_id_is_asked_for_and_what_only_looks_like_one_is_a_name()
    {
        Assert.Contains("'twice'", (await _catalogue.RunAsync("validate", "--flavor", "f1", "--image", Id(3), "--release", "zed")).Out, StringComparison.Ordinal);
        Assert.Contains($"'{Id(9)}'", (await _catalogue.RunAsync("validate", "--flavor", "f1", "--image", Id(9), "--release", "zed")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nothing", "debian", "there is no flavor 'nothing' that this user may see")]
    [InlineData("../servers", "debian", "there is no flavor '../servers'")]
    [InlineData("f1", "nothing", "there is no image 'nothing' that this user may see")]
    [InlineData("f1", "twice", "2 images are called 'twice'")]
    public async Task What_is_not_there_or_not_the_only_one_is_no_judgement(string flavor, string image, string error) =>
        (await _catalogue.RunAsync("validate", "--flavor", flavor, "--image", image, "--release", "zed")).AssertError(ExitCode.NotJudged, error);

    [Fact]
    public async Task A_flavor_whose_extra_specs_are_hidden_is_no_judgement()
    {
        _catalogue.Add("""{"id":"f9","name":"hidden","ram":1,"vcpus":1,"disk":1}""");
        (await _catalogue.RunAsync("validate", "--flavor", "hidden", "--image", "debian", "--release", "zed"))
            .AssertError(ExitCode.NotJudged, "flavor 'hidden' cannot be judged: flavor 'hidden' has no extra_specs");
    }

    [Theory]
    [InlineData("2.93", "zed", null)]
    [InlineData("2.100", "2025.2", "note: microversion 2.100 is that of 2025.1 and 2025.2; judged as 2025.2, --release tells otherwise\n")]
    [InlineData("2.103", "2026.1", null)]
    public async Task The_release_is_that_of_the_clouds_microversion_and_what_it_does_not_tell_is_said(string microversion, string release, string? note)
    {
        _catalogue.Cloud.Answer("GET", FakeCloud.Compute + "/", 200, Sample.Of("nova_versions").Body.Replace("2.104", microversion, StringComparison.Ordinal));
        CommandLine run = await _catalogue.RunAsync("validate", "--flavor", "f1", "--image", "debian");
        Assert.Contains($" on {release}: ", run.Out, StringComparison.Ordinal);
        Assert.Equal(note ?? "", run.Error);
    }

    [Fact]
    public async Task One_side_may_be_a_file()
    {
        using Bodies bodies = new();
        string image = bodies.File("image.json", Bodies.Image("mine", Id(7), ("hw_firmware_type", "uefi")));
        Assert.Contains("flavor 'sev.small' with image 'mine'",
            (await _catalogue.RunAsync("validate", "--flavor", "sev.small", "--image-file", image, "--release", "zed")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_grow_with_flavors_and_images_and_not_with_their_product()
    {
        for (int i = 0; i < 200; i++)
            _catalogue.Add(Bodies.Flavor("flavor" + i, "flavor" + i, ("hw:mem_encryption", i % 10 == 0 ? "true" : "false")));
        for (int i = 0; i < 500; i++)
            _catalogue.AddImage(Bodies.Image("image" + i, Id(1000 + i), ("hw_firmware_type", i % 3 == 0 ? "uefi" : "bios")));
        _catalogue.PageSize = 100;
        CommandLine run = await _catalogue.RunAsync("audit", "--release", "zed", "-f", "json");
        Assert.Equal("", run.Error);
        JsonElement audit = run.Json();
        Assert.Equal((202, 505), (audit.GetProperty("flavors").GetInt32(), audit.GetProperty("images").GetInt32()));
        Assert.Equal(202 * 505, audit.GetProperty("pairs").GetInt32());
        Assert.Equal(3, _catalogue.Cloud.Asked(FakeCatalogue.FlavorsPath).Count);
        Assert.Equal(6 + 1, _catalogue.Cloud.Asked(FakeCatalogue.ImagesPath).Count);
        Assert.InRange(_catalogue.Cloud.Asked().Count, 10, 20);
    }

    private static string Id(int number) => $"00000000-0000-4000-8000-{number:d12}";
}
