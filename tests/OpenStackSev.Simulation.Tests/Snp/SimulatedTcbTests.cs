using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Simulation.Tests.Snp;

public sealed class SimulatedTcbTests
{
    [Theory]
    [InlineData(SimulatedLine.Milan, "4/0/24/219", "04000000000018DB")]
    [InlineData(SimulatedLine.Genoa, "10/0/23/84", "0A00000000001754")]
    [InlineData(SimulatedLine.Turin, "1/2/3/4/81", "0102030400000051")]
    [InlineData(SimulatedLine.Venice, "1/2/3/4/81", "0102030400000051")]
    public void A_TCB_has_the_bytes_of_its_line_and_reads_as_it_prints(SimulatedLine line, string text, string bytes)
    {
        Assert.True(SimulatedTcb.TryParse(text, out SimulatedTcb tcb));
        Assert.Equal(bytes, Convert.ToHexString(tcb.Encode(line)));
        Assert.Equal(text, tcb.ToString());
    }

    [Theory]
    [InlineData(""), InlineData("1/2/3"), InlineData("1/2/3/4/5/6"), InlineData("1/2/3/256"), InlineData("1/2/3/-1"), InlineData("1/2/3/ 4")]
    public void What_is_no_TCB_is_not_read(string text) => Assert.False(SimulatedTcb.TryParse(text, out _));
}
