using System.Globalization;
using System.Text.RegularExpressions;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Endorsements;

/// <summary>What a file of an endorsement folder holds.</summary>
public enum EndorsementKind
{
    Ark,
    Ask,
    Asvk,

    /// <summary>The CRL published beside the VCEKs.</summary>
    VcekRevocations,

    /// <summary>The CRL published beside the VLEKs.</summary>
    VlekRevocations,
    Vcek,
    Vlek,
}

/// <summary>The name of a file within an endorsement folder, and what it says. Made from values that were validated, never from somebody's text.</summary>
/// <param name="Path">Relative, with slashes, e.g. <c>Turin/vcek/59790fb1c39f35c1/fmc01-bl01-tee01-snp04-ucode081.der</c>.</param>
/// <param name="ChipId">hwID of a VCEK, lower-case hexadecimal; null for everything else.</param>
/// <param name="Tcb">Of a VCEK; null for everything else.</param>
public sealed partial record EndorsementFile(EndorsementKind Kind, ProductLine Line, string Path, string? ChipId = null, TcbVersion? Tcb = null)
{
    /// <summary>What this folder holds a CRL of, or null.</summary>
    public SigningKey? RevocationsOf => Kind switch
    {
        EndorsementKind.VcekRevocations => SigningKey.Vcek,
        EndorsementKind.VlekRevocations => SigningKey.Vlek,
        _ => null,
    };

    /// <summary>The VCEK of a chip at a TCB. FMC is part of the name: TCBs that differ in it alone have different keys.</summary>
    /// <exception cref="ArgumentException">The chip id is masked or of another size, or the TCB is one of another generation.</exception>
    public static EndorsementFile Vcek(ProductLine line, ReadOnlySpan<byte> chipId, TcbVersion tcb)
    {
        _ = KdsAddress.Vcek(line, chipId, tcb);      // validates
        string chip = Convert.ToHexStringLower(chipId[..line.ChipIdSize()]);
        string fmc = tcb.Fmc is { } value ? $"fmc{value:00}-" : "";
        return new(EndorsementKind.Vcek, line,
            $"{line}/vcek/{chip}/{fmc}bl{tcb.Bootloader:00}-tee{tcb.Tee:00}-snp{tcb.Snp:00}-ucode{tcb.Microcode:000}.der", chip, tcb);
    }

    /// <summary>VLEKs are renewed each year at the same TCB, so that only their hash tells them apart.</summary>
    public static EndorsementFile Of(VekCertificate key) => key.ChipId is { } chipId
        ? Vcek(key.Line, chipId.Span, key.Tcb)
        : new(EndorsementKind.Vlek, key.Line, $"{key.Line}/vlek/{Sha256(key.Der)}.der");

    public static EndorsementFile Of(AuthorityCertificate authority) => Authority(authority.Role, authority.Line);

    /// <summary>A further ASK or ASVK beside the first: a line whose issuer was replaced has several.</summary>
    public static EndorsementFile Another(AuthorityCertificate authority)
    {
        EndorsementFile first = Of(authority);
        return first with { Path = $"{first.Path[..^".der".Length]}-{authority.Sha256[..16]}.der" };
    }

    public static EndorsementFile Authority(AuthorityRole role, ProductLine line) => role switch
    {
        AuthorityRole.Ark => new(EndorsementKind.Ark, line, $"{line}/ark.der"),
        AuthorityRole.Ask => new(EndorsementKind.Ask, line, $"{line}/ask.der"),
        _ => new(EndorsementKind.Asvk, line, $"{line}/asvk.der"),
    };

    public static EndorsementFile Revocations(ProductLine line, SigningKey of) => of == SigningKey.Vcek
        ? new(EndorsementKind.VcekRevocations, line, $"{line}/vcek.crl")
        : new(EndorsementKind.VlekRevocations, line, $"{line}/vlek.crl");

    /// <param name="path">Anything.</param>
    /// <returns>Null unless it is exactly how this type writes such a name.</returns>
    public static EndorsementFile? Parse(string path)
    {
        string[] parts = path.Split('/');
        if (path.Length > 300 || parts.Length < 2 || SnpProducts.LineNamed(parts[0]) is not { } line || line.ToString() != parts[0])
            return null;
        EndorsementFile? file = parts switch
        {
            [_, "ark.der"] => Authority(AuthorityRole.Ark, line),
            [_, "ask.der"] => Authority(AuthorityRole.Ask, line),
            [_, "asvk.der"] => Authority(AuthorityRole.Asvk, line),
            [_, "vcek.crl"] => Revocations(line, SigningKey.Vcek),
            [_, "vlek.crl"] => Revocations(line, SigningKey.Vlek),
            [_, string other] when AnotherName().Match(other) is { Success: true } match =>
                Authority(match.Groups["role"].Value == "ask" ? AuthorityRole.Ask : AuthorityRole.Asvk, line) with { Path = path },
            [_, "vlek", string hash] when HashName().IsMatch(hash) => new(EndorsementKind.Vlek, line, path),
            [_, "vcek", string chip, string tcb] => ParseVcek(line, chip, tcb),
            _ => null,
        };
        return file?.Path == path ? file : null;
    }

    private static EndorsementFile? ParseVcek(ProductLine line, string chip, string name)
    {
        Match match = TcbName().Match(name);
        if (!match.Success || chip.Length != line.ChipIdSize() * 2 || !chip.All(char.IsAsciiHexDigit) || match.Groups["fmc"].Success != (line.Layout() == TcbLayout.Turin))
            return null;
        if (Part("bl") is not { } bootloader || Part("tee") is not { } tee || Part("snp") is not { } snp || Part("ucode") is not { } microcode)
            return null;
        byte? fmc = match.Groups["fmc"].Success ? Part("fmc") : null;
        if (match.Groups["fmc"].Success && fmc is null)
            return null;
        byte[] chipId = Convert.FromHexString(chip);
        return chipId.AsSpan().ContainsAnyExcept((byte)0) ? Vcek(line, chipId, new(fmc, bootloader, tee, snp, microcode)) : null;

        byte? Part(string part) => byte.TryParse(match.Groups[part].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out byte value) ? value : null;
    }

    private static string Sha256(ReadOnlyMemory<byte> der) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(der.Span));

    [GeneratedRegex(@"\A(fmc(?<fmc>[0-9]{2,3})-)?bl(?<bl>[0-9]{2,3})-tee(?<tee>[0-9]{2,3})-snp(?<snp>[0-9]{2,3})-ucode(?<ucode>[0-9]{3})\.der\z",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TcbName();

    [GeneratedRegex(@"\A(?<role>ask|asvk)-[0-9a-f]{16}\.der\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AnotherName();

    [GeneratedRegex(@"\A[0-9a-f]{64}\.der\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HashName();
}
