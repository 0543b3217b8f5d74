using System.Buffers.Binary;
using System.Security.Cryptography;
using OpenStackSev.Attestation.Sev;
using OpenStackSev.Simulation.Sev;
using Usage = OpenStackSev.Simulation.Sev.SimulatedSevUsage;

namespace OpenStackSev.Attestation.Tests.Sev;

/// <summary>The certificates of plain SEV: AMD's own, and simulated ones that are wrong in one thing each.</summary>
public sealed class SevChainTests
{
    private const int Size = SevCertificate.Size;
    private static readonly SimulatedSevPlatform s_platform = new([1, 2, 3]), s_other = new([4, 5, 6]);
    private static readonly SimulatedSevAuthority s_amd = SimulatedSevAuthority.Of(Given.Milan), s_otherAmd = SimulatedSevAuthority.Of(Given.Genoa);

    private static readonly Dictionary<string, Func<IEnumerable<Finding>>> s_cases = new(StringComparer.Ordinal)
    {
        ["sev.certificate.size"] = () => Exported(s_platform.Export()[..^1]),
        ["sev.certificate.version"] = () => Exported(Altered(0, 0, 2)),
        ["sev.certificate.reserved"] = () => Exported(Altered(1, 6, 1)),
        ["sev.certificate.key"] = () => Exported(Altered(2, 0x14, 0xFF)),
        ["sev.certificate.usage"] = () => Exported([.. s_platform.PekCertificate, .. s_platform.PdhCertificate, .. s_platform.Export()[(2 * Size)..]]),
        ["sev.pdh.signature"] = () => Exported([.. SimulatedSevCertificate.Signed(s_platform.PdhCertificate, 0, Usage.Pek, s_other.PekKey), .. s_platform.Export()[Size..]]),
        ["sev.pek.owner_signature"] = () => Exported(WithPek(SimulatedSevCertificate.Signed(s_platform.PekCertificate, 0, Usage.Oca, s_other.OcaKey))),
        ["sev.pek.chip_signature"] = () => Exported(WithPek(SimulatedSevCertificate.Signed(s_platform.PekCertificate, 1, Usage.Cek, s_other.CekKey))),
        ["sev.oca.signature"] = () => Exported([.. s_platform.Export()[..(2 * Size)], .. SimulatedSevCertificate.Signed(s_platform.OcaCertificate, 0, Usage.Oca, s_other.OcaKey), .. s_platform.CekCertificate]),
        ["sev.cek.mismatch"] = () => Judged(cek: s_amd.SignedCek(s_other)).Findings,
        ["sev.cek.signature"] = () => Judged(cek: SimulatedSevCertificate.Signed(s_platform.CekCertificate, 0, Usage.Ask, Given.Genoa.Ask.Key)).Findings,
        ["sev.chain.not_anchored"] = () => Judged(cek: s_platform.CekCertificate).Findings,
        ["sev.ask.signature"] = () => Judged(ask: SimulatedSevAuthority.Signed(s_amd.Ask, Given.Genoa.Ark.Key)).Findings,
        ["sev.root.untrusted"] = () => Judged(named: []).Findings,
        ["sev.root.signature"] = () => Judged(ark: SimulatedSevAuthority.Signed(s_amd.Ark, Given.Genoa.Ark.Key)).Findings,
    };

    public static TheoryData<string> Codes => [.. s_cases.Keys];

    public static TheoryData<string> Products => ["naples", "rome", "milan", "genoa", "turin"];

    [Theory, MemberData(nameof(Codes))]
    public void A_chain_fails_by_this_check_alone(string code)
    {
        Finding finding = Assert.Single(s_cases[code]());
        Assert.Equal(code, finding.Code);
        Assert.Equal(SevCodes.All.Single(check => check.Code == code).Tier, finding.Tier);
    }

    [Fact]
    public void No_code_is_without_a_chain_that_fails_by_it_alone() => Assert.Equal(SevCodes.All.Select(check => check.Code).Order(), s_cases.Keys.Order());

    [Fact]
    public void Every_code_has_its_line_in_the_README_in_order_with_meaning_and_remedy()
    {
        string[] lines = [.. File.ReadLines(Path.Join(Repository.Root, "src", "OpenStackSev.Attestation", "README.md")).Where(line => line.StartsWith("| `sev.", StringComparison.Ordinal))];
        Assert.Equal(SevCodes.All.Select(check => $"| `{check.Code}` | {check.Meaning} | "), lines.Select(line => line[..(line[..^2].LastIndexOf(" | ", StringComparison.Ordinal) + 3)]));
    }

    [Fact]
    public void A_simulated_platform_leads_to_the_simulated_root_that_is_named_and_says_so()
    {
        SevChainResult result = Judged();
        Assert.Empty(result.Findings);
        Assert.Equal((true, true, true, null, Verdict.Affirming), (result.Sound, result.Anchored, result.Simulated, result.Product, result.Verdict));
    }

    [Fact]
    public void Four_certificates_that_fit_prove_nothing_without_AMD()
    {
        SevChainResult result = SevChainVerifier.Verify(Chain(s_platform.Export()), null, []);
        Assert.Equal((true, false, Verdict.None), (result.Sound, result.Anchored, result.Verdict));
        Assert.Equal("sev.chain.not_anchored", Assert.Single(result.Findings).Code);
    }

    [Fact]
    public void Signatures_are_found_in_whichever_slot_they_are()
    {
        byte[] pek = SimulatedSevCertificate.Signed(SimulatedSevCertificate.Unsigned(s_platform.PekCertificate, 0), 0, Usage.Cek, s_platform.CekKey);
        pek = SimulatedSevCertificate.Signed(pek, 1, Usage.Oca, s_platform.OcaKey);
        byte[] cek = SimulatedSevCertificate.Signed(s_platform.CekCertificate, 1, Usage.Ask, Given.Milan.Ask.Key);
        Assert.True(Judged(export: WithPek(pek), cek: cek).Anchored);
    }

    [Fact]
    public void A_slot_of_an_unknown_usage_is_empty()
    {
        byte[] cek = SimulatedSevCertificate.WithSlot(s_amd.SignedCek(s_platform), 1, (Usage)0xDEAD, 7, RandomNumberGenerator.GetBytes(512));
        Assert.True(Judged(cek: cek).Anchored);
    }

    [Fact]
    public void Among_authorities_of_several_product_lines_the_one_that_signed_is_found()
    {
        AmdCertificate[] all = [.. new[] { s_otherAmd.Ask, s_amd.Ask, s_otherAmd.Ark, s_amd.Ark }.Select(Authority)];
        HashSet<string> named = [s_amd.Fingerprint, s_otherAmd.Fingerprint];
        Assert.True(SevChainVerifier.Verify(Chain(s_platform.Export()), Cek(s_amd.SignedCek(s_platform)), all, named).Anchored);
        Assert.Equal("sev.cek.signature", Assert.Single(SevChainVerifier.Verify(Chain(s_platform.Export()), Cek(s_amd.SignedCek(s_platform)), [.. all.Where((_, i) => i is 0 or 2 or 3)], named).Findings).Code);
    }

    [Fact]
    public void No_bit_that_is_signed_can_be_flipped()
    {
        byte[] export = s_platform.Export();
        List<string> ignored = [];
        for (int certificate = 0; certificate < 3; certificate++)
        {
            for (int offset = 0; offset < SimulatedSevCertificate.BodySize; offset += offset is >= 0x10 and < 0x410 ? 4 : 1)
            {
                byte[] flipped = [.. export];
                flipped[(certificate * Size) + offset] ^= 0x10;
                if (SevChain.TryParse(flipped, out SevChain? chain, out _) && SevChainVerifier.Verify(chain, null, []).Sound)
                    ignored.Add($"{certificate} 0x{offset:X3}");
            }
        }

        Assert.Empty(ignored);
    }

    [Theory, MemberData(nameof(Products))]
    public void AMDs_own_authorities_are_what_they_say(string product)
    {
        AmdCertificate ark = Authority(Vectors.Read($"legacy/builtin/{product}_ark.cert")), ask = Authority(Vectors.Read($"legacy/builtin/{product}_ask.cert"));
        Assert.Equal((SevUsage.Ark, SevUsage.Ask), (ark.Usage, ask.Usage));
        Assert.Equal(product, SevRoots.All[ark.Sha256], ignoreCase: true);
        Assert.True(ark.Issued(ark));
        Assert.True(ark.Issued(ask));
        Assert.False(ask.Issued(ark));
    }

    [Fact]
    public void A_real_platform_of_Naples_leads_to_AMD()
    {
        byte[] cek = Vectors.Read("legacy/naples/cek.cert");
        byte[] export = [.. Naples("pdh"), .. Naples("pek"), .. Naples("oca"), .. cek];
        AmdCertificate[] amd = [.. Products.SelectMany(row => new[] { "ask", "ark" }.Select(role => Authority(Vectors.Read($"legacy/builtin/{row.Data}_{role}.cert"))))];
        SevChainResult result = SevChainVerifier.Verify(Chain(export), null, amd);
        Assert.Empty(result.Findings);
        Assert.Equal((true, "Naples", false), (result.Anchored, result.Product, result.Simulated));

        // As the platform itself would export it.
        byte[] unsigned = SimulatedSevCertificate.Unsigned(cek, 0);
        Assert.Equal("sev.chain.not_anchored", Assert.Single(SevChainVerifier.Verify(Chain([.. export[..(3 * Size)], .. unsigned]), null, amd).Findings).Code);
        Assert.True(SevChainVerifier.Verify(Chain([.. export[..(3 * Size)], .. unsigned]), Cek(cek), amd).Anchored);
    }

    [Fact]
    public void A_bit_of_AMDs_root_makes_it_nobodys()
    {
        byte[] ark = Vectors.Read("legacy/builtin/naples_ark.cert");
        ark[^1] ^= 1;
        byte[] export = [.. Naples("pdh"), .. Naples("pek"), .. Naples("oca"), .. Naples("cek")];
        AmdCertificate[] amd = [Authority(ark), Authority(Vectors.Read("legacy/builtin/naples_ask.cert"))];
        Assert.Equal("sev.root.untrusted", Assert.Single(SevChainVerifier.Verify(Chain(export), null, amd).Findings).Code);
    }

    [Theory, InlineData(0), InlineData(63), InlineData(576), InlineData(831), InlineData(833), InlineData(1600)]
    public void An_authority_of_another_size_or_of_zeros_is_none(int size) => Assert.False(AmdCertificate.TryParse(new byte[size], out _, out _));

    [Theory, InlineData(0u), InlineData(1u), InlineData(2u), InlineData(65536u)]
    public void An_RSA_key_whose_exponent_is_none_is_refused(uint exponent)
    {
        byte[] ask = [.. s_amd.Ask];
        BinaryPrimitives.WriteUInt32LittleEndian(ask.AsSpan(64), exponent);
        AssertKeyRefused(ask);
    }

    [Fact]
    public void A_long_exponent_or_a_modulus_that_is_short_or_even_is_refused()
    {
        byte[] longExponent = [.. s_amd.Ask], shortModulus = [.. s_amd.Ask], even = [.. s_amd.Ask];
        int size = (s_amd.Ask.Length - 64) / 3;
        longExponent[64 + size - 1] = 1;
        shortModulus[64 + (2 * size) - 1] = 0;
        even[64 + size] &= 0xFE;
        foreach (byte[] hostile in new[] { longExponent, shortModulus, even })
            AssertKeyRefused(hostile);
    }

    private static void AssertKeyRefused(byte[] authority)
    {
        Assert.False(AmdCertificate.TryParse(authority, out _, out Finding? malformed));
        Assert.Equal("sev.certificate.key", malformed.Code);
    }

    private static byte[] Naples(string name) => Vectors.Read($"legacy/naples/{name}.cert");

    private static byte[] Altered(int certificate, int offset, byte value)
    {
        byte[] export = s_platform.Export();
        export[(certificate * Size) + offset] = (byte)(export[(certificate * Size) + offset] == value ? value ^ 1 : value);
        return export;
    }

    private static byte[] WithPek(byte[] pek) => [.. s_platform.PdhCertificate, .. pek, .. s_platform.OcaCertificate, .. s_platform.CekCertificate];

    /// <summary>With all that is needed above it.</summary>
    private static IEnumerable<Finding> Exported(byte[] export) =>
        SevChain.TryParse(export, out _, out Finding? malformed) ? Judged(export).Findings : [malformed];

    private static SevChainResult Judged(byte[]? export = null, byte[]? cek = null, byte[]? ask = null, byte[]? ark = null, string[]? named = null)
    {
        AmdCertificate root = Authority(ark ?? s_amd.Ark);
        return SevChainVerifier.Verify(Chain(export ?? s_platform.Export()), Cek(cek ?? s_amd.SignedCek(s_platform)), [Authority(ask ?? s_amd.Ask), root],
            new HashSet<string>(named ?? [root.Sha256], StringComparer.Ordinal));
    }

    private static SevChain Chain(byte[] export)
    {
        Assert.True(SevChain.TryParse(export, out SevChain? chain, out Finding? malformed), malformed?.ToString());
        return chain;
    }

    private static SevCertificate Cek(byte[] certificate)
    {
        Assert.True(SevCertificate.TryParse(certificate, SevUsage.Cek, out SevCertificate? cek, out Finding? malformed), malformed?.ToString());
        return cek;
    }

    private static AmdCertificate Authority(byte[] certificate)
    {
        Assert.True(AmdCertificate.TryParse(certificate, out AmdCertificate? authority, out Finding? malformed), malformed?.ToString());
        return authority;
    }
}
