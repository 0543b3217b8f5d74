using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Endorsements.Tests;

public class EndorsementFileTests
{
    [Fact]
    public void A_VCEK_is_named_by_line_chip_and_the_whole_TCB()
    {
        byte[] turin = new byte[64];
        Convert.FromHexString("59790fb1c39f35c1").CopyTo(turin, 0);
        Assert.Equal("Turin/vcek/59790fb1c39f35c1/fmc01-bl01-tee01-snp04-ucode081.der",
            EndorsementFile.Vcek(ProductLine.Turin, turin, new(1, 1, 1, 4, 81)).Path);
        byte[] milan = [.. Enumerable.Repeat((byte)0xAB, 64)];
        Assert.Equal($"Milan/vcek/{Convert.ToHexStringLower(milan)}/bl04-tee00-snp24-ucode219.der",
            EndorsementFile.Vcek(ProductLine.Milan, milan, new(null, 4, 0, 24, 219)).Path);
    }

    [Fact]
    public void TCBs_that_differ_in_one_part_alone_have_different_names()
    {
        byte[] chip = Simulated.Chip(1);
        TcbVersion[] tcbs = [new(1, 1, 1, 1, 1), new(2, 1, 1, 1, 1), new(1, 2, 1, 1, 1), new(1, 1, 2, 1, 1), new(1, 1, 1, 2, 1), new(1, 1, 1, 1, 2), new(255, 255, 255, 255, 255)];
        Assert.Equal(tcbs.Length, tcbs.Select(tcb => EndorsementFile.Vcek(ProductLine.Turin, chip, tcb).Path).Distinct().Count());
    }

    [Fact]
    public void Every_name_reads_back_as_what_it_was_made_of()
    {
        EndorsementFile[] files =
        [
            EndorsementFile.Vcek(ProductLine.Turin, Simulated.Chip(1), new(1, 2, 3, 4, 255)),
            EndorsementFile.Vcek(ProductLine.Genoa, [.. Enumerable.Repeat((byte)7, 64)], new(null, 200, 3, 100, 0)),
            EndorsementFile.Authority(AuthorityRole.Ark, ProductLine.Milan), EndorsementFile.Authority(AuthorityRole.Ask, ProductLine.Venice),
            EndorsementFile.Authority(AuthorityRole.Asvk, ProductLine.Turin),
            EndorsementFile.Revocations(ProductLine.Turin, SigningKey.Vcek), EndorsementFile.Revocations(ProductLine.Turin, SigningKey.Vlek),
            new(EndorsementKind.Vlek, ProductLine.Milan, $"Milan/vlek/{new string('0', 64)}.der"),
            new(EndorsementKind.Ask, ProductLine.Milan, "Milan/ask-0123456789abcdef.der"),
        ];
        Assert.All(files, file => Assert.Equal(file, EndorsementFile.Parse(file.Path)));
    }

    [Theory]
    [InlineData(""), InlineData("/"), InlineData("ark.der"), InlineData("Rome/ark.der"), InlineData("turin/ark.der"), InlineData("Milan-B0/ark.der")]
    [InlineData("Turin/../Turin/ark.der"), InlineData("../Turin/ark.der"), InlineData("/Turin/ark.der"), InlineData("Turin//ark.der"), InlineData("Turin/ark.der\n")]
    [InlineData("Turin/vcek/../fmc01-bl01-tee01-snp04-ucode081.der")]
    [InlineData("Turin/vcek/C0FFEE0000000001/fmc01-bl01-tee01-snp04-ucode081.der")]
    [InlineData("Turin/vcek/c0ffee0000000001/bl01-tee01-snp04-ucode081.der")]
    [InlineData("Turin/vcek/c0ffee0000000001/fmc01-bl01-tee01-snp04-ucode81.der")]
    [InlineData("Turin/vcek/c0ffee0000000001/fmc01-bl01-tee01-snp04-ucode256.der")]
    [InlineData("Turin/vcek/c0ffee0000000001/fmc001-bl01-tee01-snp04-ucode081.der")]
    [InlineData("Turin/vcek/c0ffee0000000001/fmc01-bl01-tee01-snp04-ucode081.der\n")]
    [InlineData("Turin/vcek/c0ffee000000000g/fmc01-bl01-tee01-snp04-ucode081.der")]
    [InlineData("Turin/vcek/0000000000000000/fmc01-bl01-tee01-snp04-ucode081.der")]
    [InlineData("Turin/vcek/c0ffee0000000001/x/fmc01-bl01-tee01-snp04-ucode081.der")]
    [InlineData("Milan/vcek/c0ffee0000000001/bl01-tee01-snp04-ucode081.der")]
    [InlineData("Turin/ask-0123456789ABCDEF.der"), InlineData("Turin/ark-0123456789abcdef.der"), InlineData("Turin/vlek/..der")]
    public void Another_name_is_none(string path) => Assert.Null(EndorsementFile.Parse(path));

    [Fact]
    public void A_masked_chip_another_size_and_the_TCB_of_another_generation_have_no_name()
    {
        Assert.Throws<ArgumentException>(() => EndorsementFile.Vcek(ProductLine.Turin, new byte[64], Simulated.Tcb));
        Assert.Throws<ArgumentException>(() => EndorsementFile.Vcek(ProductLine.Milan, Simulated.Chip(1), new(null, 1, 1, 1, 1)));
        Assert.Throws<ArgumentException>(() => EndorsementFile.Vcek(ProductLine.Turin, Simulated.Chip(1), new(null, 1, 1, 1, 1)));
    }
}
