using System.Text;
using OpenStackSev.Validation;

namespace OpenStackSev.Cli.Tests.Validation;

/// <summary>Bodies that nobody means well with: one clear error, exit code 3, and no more loaded than the bound.</summary>
public sealed class HostileBodyTests : IDisposable
{
    private const string NoName = """{"extra_specs":{}}""";
    private readonly Bodies _bodies = new();

    public static TheoryData<string, string> Flavors => new()
    {
        { "", "the body is not JSON that can be read" },
        { "nonsense", "the body is not JSON that can be read" },
        { """{"flavor":""", "the body is not JSON that can be read" },
        { "[]", "the flavor is a list, and must be an object" },
        { "null", "the flavor is null, and must be an object" },
        { NoName, "the flavor has neither name nor id" },
        { """{"name":{}}""", "the flavor's 'name' is an object, and must be a text" },
        { """{"name":"x"}""", "flavor 'x' has no extra_specs" },
        { """{"name":"x","extra_specs":[]}""", "the extra_specs of flavor 'x' are a list, and must be an object" },
        { """{"name":"x","extra_specs":{"a":{}}}""", "flavor 'x': extra_specs 'a' is an object" },
        { """{"name":"x","ram":"much","extra_specs":{}}""", "the flavor's 'ram' is a text, and must be a number" },
        { """{"name":"x","ram":-1,"extra_specs":{}}""", "the flavor's 'ram' is -1" },
        { """{"name":"x","ram":1e300,"extra_specs":{}}""", "the flavor's 'ram' is 1e300" },
        { """{"name":"\ud800","extra_specs":{}}""", "a text in the body has half of a surrogate pair" },
        { new string('[', 100_000), "the body is not JSON that can be read" },
        { """{"name":"x","extra_specs":""" + string.Concat(Enumerable.Repeat("{\"a\":", 20_000)), "the body is not JSON that can be read" },
        { """{"name":"x","extra_specs":{"a":"b"}}""" + new string(' ', FlavorSpec.MaximumBytes), "is longer than 1048576 bytes" },
    };

    public void Dispose() => _bodies.Dispose();

    [Theory, MemberData(nameof(Flavors))]
    public async Task A_flavor_that_is_none_is_one_error_that_says_why(string flavor, string error) =>
        AssertRefused(await _bodies.ValidateAsync(flavor, Bodies.Image()), "--flavor-file", error);

    [Theory]
    [InlineData("[1]", "the image is a list, and must be an object")]
    [InlineData("{}", "the image has neither name nor id")]
    [InlineData("""{"name":"x","hw_firmware_type":["uefi"]}""", "image 'x': property 'hw_firmware_type' is a list")]
    [InlineData("""{"name":"x","properties":7}""", "image 'x': 'properties' is a number, and must be an object")]
    [InlineData("""{"name":"x","owner":false}""", "the image's 'owner' is a boolean, and must be a text")]
    public async Task An_image_that_is_none_is_one_error_that_says_why(string image, string error) =>
        AssertRefused(await _bodies.ValidateAsync(Bodies.Flavor(), image), "--image-file", error);

    [Fact]
    public async Task Ten_thousand_properties_are_too_many()
    {
        (string, string)[] many = [.. Enumerable.Range(0, 10_000).Select(i => ($"p{i}", "v"))];
        AssertRefused(await _bodies.ValidateAsync(Bodies.Flavor(many), Bodies.Image()), "--flavor-file", "flavor 'sev.small': more than 1000 extra_specs entries");
        AssertRefused(await _bodies.ValidateAsync(Bodies.Flavor(), Bodies.Image(many)), "--image-file", "image 'debian-13': more than 1000 properties");
    }

    [Fact]
    public async Task What_is_not_UTF_8_is_said_to_be_so()
    {
        string latin1 = _bodies.File("latin1.json", Encoding.Latin1.GetBytes("""{"name":"größe","extra_specs":{}}"""));
        AssertRefused(await CommandLine.RunAsync("validate", "--flavor-file", latin1, "--image-file", latin1), "--flavor-file", "the body is not UTF-8");
    }

    [Fact]
    public async Task A_file_without_end_is_read_to_the_bound() =>
        AssertRefused(await CommandLine.RunAsync("validate", "--flavor-file", "/dev/zero", "--image-file", "/dev/zero"), "--flavor-file",
            "is longer than 1048576 bytes");

    [Fact]
    public void Of_a_hundred_megabytes_no_more_than_the_bound_is_loaded()
    {
        using Repeated body = new("{"u8, " "u8, 100_000_000);
        Assert.Null(InputFile.Read(body, FlavorSpec.MaximumBytes));
        Assert.InRange(body.Position, FlavorSpec.MaximumBytes + 1, FlavorSpec.MaximumBytes + 1);
    }

    private static void AssertRefused(CommandLine run, string option, string error)
    {
        run.AssertError(ExitCode.NotJudged, option);
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
        Assert.InRange(run.Error.Length, 0, 1000);
    }
}
