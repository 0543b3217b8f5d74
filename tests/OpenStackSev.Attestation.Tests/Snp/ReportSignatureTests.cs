using System.Numerics;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Attestation.Tests.Snp;

public sealed class ReportSignatureTests
{
    private const int R = 0x2A0, S = 0x2A0 + 72, Slot = 72, Padding = 0x2A0 + 144;

    private static readonly BigInteger s_order = BigInteger.Parse(
        "0FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
        System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);

    // The firmware emits both: 8 of 12 real reports have the greater s.
    [Fact]
    public void The_other_s_is_accepted()
    {
        using SimulatedSecurityProcessor chip = Given.Chip();
        byte[] report = chip.Report(chip.Fields), other = SimulatedSecurityProcessor.WithOtherS(report);
        Assert.NotEqual(report, other);
        Assert.True(Given.Judged(chip, report).Genuine);
        Assert.True(Given.Judged(chip, other).Genuine);
    }

    public static TheoryData<string, int> Outside => new(
        from value in new[] { "0", "n", "n+1", "2^384-1" } from at in new[] { R, S } select (value, at));

    [Theory, MemberData(nameof(Outside))]
    public void R_and_s_are_within_the_order_of_the_curve(string value, int at)
    {
        BigInteger number = value switch { "0" => 0, "n" => s_order, "n+1" => s_order + 1, _ => BigInteger.Pow(2, 384) - 1 };
        byte[] scalar = number.ToByteArray(isUnsigned: true);
        AttestationResult result = Altered(report =>
        {
            report.AsSpan(at, 48).Clear();
            scalar.CopyTo(report.AsSpan(at));
        });
        Assert.Equal("snp.signature.range", Assert.Single(result.Findings).Code);
        Assert.False(result.Genuine);
    }

    [Theory]
    [InlineData(R + 48), InlineData(R + Slot - 1), InlineData(S + 48), InlineData(S + Slot - 1), InlineData(Padding), InlineData(0x49F)]
    public void What_surrounds_r_and_s_is_zero(int at) =>
        Assert.Equal("snp.signature.padding", Assert.Single(Altered(report => report[at] = 0x80).Findings).Code);

    [Theory]
    [InlineData(0), InlineData(1), InlineData(0x29F), InlineData(0x49F), InlineData(0x4A1), InlineData(4000), InlineData(1 << 20)]
    public void Truncation_and_trailing_bytes_are_refused(int length)
    {
        using SimulatedSecurityProcessor chip = Given.Chip();
        byte[] report = chip.Report(chip.Fields);
        Array.Resize(ref report, length);
        AttestationResult result = Given.Judged(chip, report, key: chip.Vcek);
        Assert.Equal("snp.report.size", Assert.Single(result.Findings).Code);
        Assert.Equal((false, Verdict.None), (result.Genuine, result.Verdict));
    }

    [Fact]
    public void A_signature_of_zeros_is_not_tried()
    {
        AttestationResult result = Altered(report => report.AsSpan(R).Clear());
        Assert.Equal("snp.signature.range", Assert.Single(result.Findings).Code);
    }

    [Fact]
    public void A_report_that_says_it_is_unsigned_is_refused_however_it_is_signed()
    {
        using SimulatedSecurityProcessor chip = Given.Chip();
        byte[] report = SimulatedSecurityProcessor.Sign((chip.Fields with { SigningKey = 7 }).Encode(), chip.Vcek);
        AttestationResult result = Given.Judged(chip, report, key: chip.Vcek);
        Assert.Equal("snp.signature.absent", result.Findings[0].Code);
        Assert.False(result.Genuine);
    }

    private static AttestationResult Altered(Action<byte[]> change)
    {
        using SimulatedSecurityProcessor chip = Given.Chip();
        byte[] report = chip.Report(chip.Fields);
        change(report);
        return Given.Judged(chip, report, key: chip.Vcek);
    }
}
