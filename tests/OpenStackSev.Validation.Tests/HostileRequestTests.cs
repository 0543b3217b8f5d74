using System.Diagnostics;

namespace OpenStackSev.Validation.Tests;

/// <summary>Names, keys and values that somebody chose to do harm.</summary>
public sealed class HostileRequestTests
{
    private const int LongestMessage = 1000;

    private static readonly string[] s_names =
    [
        "it's", "-rf", "--help", "a b", "$(reboot)", "`reboot`", "a\nb", "a\r\tb", "\x1b[31mred", "a;b|c&d>e<f", "*", "~", "=ls", "!!", "\"q\"", "\\", "\\'", "ünïcödé", "\u202egnp", "", "#c",
        new('x', 5000), "a\x7f\x85",
    ];

    [Fact]
    public void Messages_are_one_short_line_without_anything_that_a_terminal_obeys()
    {
        foreach (Finding finding in Hostile().SelectMany(pair => pair.Check()))
        {
            Assert.InRange(finding.Message.Length, 1, LongestMessage);
            Assert.InRange(finding.Subject.Length, 1, LongestMessage);
            Assert.DoesNotContain(finding.Message + finding.Subject + finding.Fix, c => char.IsControl(c));
            Assert.DoesNotContain(finding.Message, c => c is >= '\u202a' and <= '\u202e');
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void A_shell_hands_the_client_the_very_name(string name)
    {
        string? fix = Pair.Sound.Image("hw_machine_type", null) is { } pair ? (pair with { ImageName = name }).Check().Single().Fix : null;
        Assert.NotNull(fix);
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-c", "openstack() { printf '%s\\0' \"$@\"; }; " + fix]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        string[] words = bash.StandardOutput.ReadToEnd().TrimEnd('\0').Split('\0');
        bash.WaitForExit();
        string[] expected = ["image", "set", "--property", "hw_machine_type=q35", .. name.StartsWith('-') ? ["--"] : Array.Empty<string>(), name];
        Assert.Equal(expected, name.Length == 0 ? [.. words, ""] : words);
    }

    public static TheoryData<string> Names => [.. s_names];

    [Fact]
    public void No_command_is_given_for_a_name_that_no_shell_can_hold() =>
        Assert.Null((Pair.Sound.Image("hw_machine_type", null) with { ImageName = "a\0b" }).Check().Single().Fix);

    [Fact]
    public void A_key_that_looks_like_an_option_stays_a_key()
    {
        string? fix = Pair.Plain.Flavor("-x:" + new string('y', 300), "1").Check().Single(finding => finding.Code == "request.extra_spec.length").Fix;
        Assert.StartsWith("openstack flavor unset --property=-x:yyy", fix, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_of_a_surrogate_pair_is_cut_off_with_the_other_half()
    {
        Finding finding = (Pair.Sound.Image("hw_machine_type", null) with { ImageName = new string('x', 79) + "😀y" }).Check().Single();
        Assert.Contains(new string('x', 79) + "…", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_request_is_judged_for_any_release_and_never_throws()
    {
        var random = new RandomRequests(20);
        for (int i = 0; i < 3000; i++)
        {
            RandomRequest request = random.Next();
            foreach (ComputeRelease release in ComputeRelease.All)
                Assert.All(RequestRules.Check(request.Flavor, request.Image, release), finding => Assert.InRange(finding.Message.Length, 1, LongestMessage));
        }
    }

    [Fact]
    public void Ten_thousand_properties_are_judged_as_few_are()
    {
        Dictionary<string, string> many = Enumerable.Range(0, 10_000).ToDictionary(i => $"hw:key{i}", i => new string('v', 300), StringComparer.Ordinal);
        Finding[] findings = [.. RequestRules.Check(new("f", null, many), new("i", null, many), ComputeRelease.Newest)];
        Assert.Equal(["request.flavor.open", "request.extra_spec.unknown", "request.extra_spec.length"], findings.Select(finding => finding.Code));
    }

    private static IEnumerable<Pair> Hostile() =>
        from name in s_names
        from pair in new[]
        {
            Pair.Sound.Image("hw_firmware_type", name).Image("hw_machine_type", name).Image("hw_disk_bus", name).Image("trait:" + name, "required"),
            Pair.Plain.Flavor("hw:mem_encryption", name).Flavor("hw:mem_encryption_model", name).Flavor("hw:" + name, name).Flavor("resources:" + name, "1"),
            Pair.Sound.Flavor("hw:mem_encryption_model", name).Image("hw_mem_encryption", name).Image("hw_mem_encryption_model", name).Flavor("hw:confidential_compute", name),
        }
        select pair with { FlavorName = name, ImageName = name };
}
