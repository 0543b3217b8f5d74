namespace OpenStackSev.Platform.Tests;

public sealed class ChipIdTests : IDisposable
{
    private readonly HostFolder host = new();

    public void Dispose() => host.Dispose();

    [Fact]
    public void Each_socket_has_its_chip()
    {
        host.Write(HostFolder.Chips, HostFolder.ChipBytes(2));
        Assert.Equal([string.Concat(Enumerable.Repeat("01", 64)), string.Concat(Enumerable.Repeat("02", 64))], host.Read().ChipIds!);
    }

    [Fact]
    public void An_empty_socket_is_passed_over()
    {
        host.Write(HostFolder.Chips, [.. HostFolder.ChipBytes(1), .. new byte[64]]);
        Assert.Single(host.Read().ChipIds!);
    }

    [Fact]
    public void An_id_of_eight_bytes_is_filled_up_as_in_a_report()
    {
        host.Write(HostFolder.Chips, [0xC0, 0xFF, 0xEE, 0, 0, 0, 0, 1]);
        Assert.Equal("c0ffee0000000001" + new string('0', 112), Assert.Single(host.Read().ChipIds!));
    }

    [Theory, InlineData(0), InlineData(9), InlineData(65), InlineData(9 * 64)]
    public void An_answer_of_another_length_is_malformed(int length)
    {
        host.Write(HostFolder.Chips, [.. Enumerable.Range(0, length).Select(i => (byte)(i / 64 + 1))]);
        Assert.Equal([PlatformCodes.ChipIdMalformed], host.Codes());
        Assert.Null(host.Read().ChipIds);
    }

    [Fact]
    public void Ids_that_say_nothing_are_malformed()
    {
        host.Write(HostFolder.Chips, new byte[64]);
        Assert.Equal([PlatformCodes.ChipIdMalformed], host.Codes());
        host.Write(HostFolder.Chips, [.. HostFolder.ChipBytes(1), .. HostFolder.ChipBytes(1)]);
        Assert.Equal([PlatformCodes.ChipIdMalformed], host.Codes());
    }

    [Fact]
    public void Where_SEV_is_off_nothing_is_missed()
    {
        host.Remove(HostFolder.Chips);
        foreach (string parameter in new[] { "sev", "sev_es", "sev_snp" })
            host.Write($"{HostFolder.Parameters}/{parameter}", "N\n");
        Assert.Empty(host.Codes());
    }
}
