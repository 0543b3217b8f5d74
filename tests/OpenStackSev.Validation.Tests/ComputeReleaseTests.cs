namespace OpenStackSev.Validation.Tests;

public sealed class ComputeReleaseTests
{
    [Theory]
    [InlineData(1, "zed"), InlineData(93, "zed"), InlineData(94, "zed"), InlineData(95, "2023.2"), InlineData(96, "2024.2"), InlineData(100, "2025.2")]
    [InlineData(103, "2026.1"), InlineData(104, "2026.2"), InlineData(999, "2026.2")]
    public void A_microversion_tells_the_newest_release_that_has_it(int minor, string name) => Assert.Equal(name, ComputeRelease.OfMicroversion(minor).Name);

    [Theory, InlineData("zed", "zed"), InlineData("ZED", "zed"), InlineData("26", "zed"), InlineData("2026.2", "2026.2"), InlineData("34", "2026.2")]
    public void A_release_is_known_by_name_and_by_version(string text, string name)
    {
        Assert.True(ComputeRelease.TryParse(text, out ComputeRelease? release));
        Assert.Equal(name, release.Name);
    }

    [Theory, InlineData(""), InlineData("xena"), InlineData("25"), InlineData("2026.3")]
    public void Another_one_is_not(string text) => Assert.False(ComputeRelease.TryParse(text, out _));

    [Theory]
    [InlineData("zed", "request.model.not_in_release"), InlineData("2025.1", "request.model.not_in_release"), InlineData("2025.2", "request.model.not_in_release")]
    [InlineData("2026.1", "request.model.not_in_release"), InlineData("2026.2", null)]
    public void Snp_is_refused_where_the_release_does_not_have_it(string name, string? code)
    {
        Assert.True(ComputeRelease.TryParse(name, out ComputeRelease? release));
        Assert.Equal(code is null ? [] : [code], Pair.Sound.On(release).Check().Select(finding => finding.Code));
    }

    [Theory, InlineData("zed", "amd-sev"), InlineData("2025.1", "amd-sev"), InlineData("2025.2", "amd-sev-es"), InlineData("2026.2", "amd-sev-es")]
    public void A_model_counts_from_the_release_on_that_reads_it(string name, string model)
    {
        Assert.True(ComputeRelease.TryParse(name, out ComputeRelease? release));
        Pair pair = Pair.Sound.Model("amd-sev-es").On(release);
        Assert.Equal(new MemoryEncryptionRequest(true, model, true, true), MemoryEncryptionRequest.From(pair.FlavorSpec, pair.ImageSpec, release));
    }
}
