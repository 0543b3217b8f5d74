using OpenStackSev.Attestation.Snp;
using OpenStackSev.Platform;

namespace OpenStackSev.Cli.Tests.Hosts;

/// <summary>The agent counts and the control plane announces by the same numbers.</summary>
public sealed class SevEsThresholdTests
{
    [Theory]
    [InlineData(EpycProduct.Milan, ProductLine.Milan)]
    [InlineData(EpycProduct.Genoa, ProductLine.Genoa)]
    [InlineData(EpycProduct.Bergamo, ProductLine.Genoa)]
    [InlineData(EpycProduct.Siena, ProductLine.Genoa)]
    [InlineData(EpycProduct.Turin, ProductLine.Turin)]
    [InlineData(EpycProduct.Venice, ProductLine.Venice)]
    public void Both_tables_of_the_threshold_say_the_same(EpycProduct product, ProductLine line)
    {
        for (int snp = 0; snp <= byte.MaxValue; snp++)
        {
            ulong tcb = (ulong)snp << (line.Layout() == TcbLayout.Turin ? 24 : 48);
            Assert.Equal(SevEsWithdrawal.Applies(product, tcb), snp >= (SevEsThreshold.Of(line) ?? int.MaxValue));
        }
    }
}
