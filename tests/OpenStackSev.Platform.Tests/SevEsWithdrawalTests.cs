namespace OpenStackSev.Platform.Tests;

public class SevEsWithdrawalTests
{
    [Theory]
    [InlineData(EpycProduct.Milan, 0x1A, false)]
    [InlineData(EpycProduct.Milan, 0x1B, true)]
    [InlineData(EpycProduct.Genoa, 0x1A, false)]
    [InlineData(EpycProduct.Genoa, 0x1B, true)]
    [InlineData(EpycProduct.Bergamo, 0x1A, false)]
    [InlineData(EpycProduct.Bergamo, 0x1B, true)]
    [InlineData(EpycProduct.Siena, 0x1A, false)]
    [InlineData(EpycProduct.Siena, 0xFF, true)]
    [InlineData(EpycProduct.Turin, 0x03, false)]
    [InlineData(EpycProduct.Turin, 0x04, true)]
    [InlineData(EpycProduct.Turin, 0xFF, true)]
    [InlineData(EpycProduct.Venice, 0xFF, false)]
    [InlineData(EpycProduct.Naples, 0xFF, false)]
    [InlineData(EpycProduct.Rome, 0xFF, false)]
    public void SEV_ES_is_withdrawn_from_a_version_on(EpycProduct product, byte snp, bool withdrawn)
    {
        int shift = product is EpycProduct.Turin or EpycProduct.Venice ? 24 : 48;
        // every other part at its highest, none of which counts
        ulong tcb = ~(0xFFUL << shift) | ((ulong)snp << shift);

        Assert.Equal(withdrawn, SevEsWithdrawal.Applies(product, tcb));
        Assert.Equal(snp, SevEsWithdrawal.SnpVersion(product, tcb));
    }

    [Fact]
    public void Of_an_unknown_product_nothing_is_said() => Assert.Null(SevEsWithdrawal.Applies(null, ulong.MaxValue));

    [Fact]
    public void Every_product_that_is_known_has_an_answer() =>
        Assert.All(Enum.GetValues<EpycProduct>(), product => Assert.NotNull(SevEsWithdrawal.Applies(product, 0)));
}
