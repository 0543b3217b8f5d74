using System.Buffers.Binary;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Simulation.Tests.Snp;

public sealed class CertificateTableTests(Chains chains)
{
    [Fact]
    public void Entries_come_first_then_one_of_zeros_then_the_contents()
    {
        using SimulatedSecurityProcessor processor = new(chains[SimulatedLine.Turin]);
        byte[] table = processor.CertificateTable();
        // As printed: a reader of UEFI's order would see 8d75da63.
        Assert.Equal("63DA758DE6644564ADC5F4B93BE8ACCD", Convert.ToHexString(table.AsSpan(0, 16)));
        Assert.Equal("4AB7B379BBAC4FE4A02F05AEF327C782", Convert.ToHexString(table.AsSpan(24, 16)));
        Assert.Equal("C0B406A4A803495297433FB6014CD0AE", Convert.ToHexString(table.AsSpan(48, 16)));
        Assert.All(table[72..96], b => Assert.Equal(0, b));
        Assert.Equal(96u, Number(table, 16));
        Assert.Equal(processor.Vcek.Certificate, Content(table, 0));
        Assert.Equal(processor.Authority.Ask.Certificate, Content(table, 1));
        Assert.Equal(processor.Authority.Ark.Certificate, Content(table, 2));
        Assert.Equal(table.Length, (int)(Number(table, 64) + Number(table, 68)));
    }

    [Fact]
    public void A_VLEK_comes_with_its_ASVK()
    {
        using SimulatedSecurityProcessor processor = new(chains[SimulatedLine.Turin]);
        byte[] table = processor.CertificateTable(vlek: true, crl: [1, 2, 3]);
        Assert.Equal("A8074BC2A25A483EAAE639C045A0B8A1", Convert.ToHexString(table.AsSpan(0, 16)));
        Assert.Equal(processor.Vlek.Certificate, Content(table, 0));
        Assert.Equal(processor.Authority.Asvk.Certificate, Content(table, 1));
        Assert.Equal([1, 2, 3], Content(table, 3));
    }

    [Fact]
    public void A_table_can_lie_lack_its_end_and_be_padded()
    {
        SimulatedTableEntry entry = new(SimulatedCertificateTable.Crl, [1, 2, 3]);
        byte[] table = SimulatedCertificateTable.Encode([entry with { Offset = 0xFFFF_FFF0, Length = 0x20 }, entry], terminated: false, length: 4096);
        Assert.Equal(4096, table.Length);
        Assert.Equal(0xFFFF_FFF0, Number(table, 16));
        Assert.Equal(0x20u, Number(table, 20));
        Assert.Equal([1, 2, 3, 1, 2, 3, 0], table[48..55]);
        Assert.Equal([1, 2, 3], Content(table, 1));
    }

    private static byte[] Content(byte[] table, int entry) =>
        table.AsSpan((int)Number(table, (entry * 24) + 16), (int)Number(table, (entry * 24) + 20)).ToArray();

    private static uint Number(byte[] table, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(table.AsSpan(offset));
}
