namespace OpenStackSev.Platform;

/// <summary>GET_ID2.</summary>
/// <remarks>
/// Source: AMD 55766 "GET_ID": the ids of all sockets, one after the other; Linux <c>struct sev_user_data_get_id2</c>. The id of a
/// socket is CHIP_ID of a report: 64 bytes, of which Zen 5 uses 8.
/// </remarks>
internal static class ChipIdSource
{
    public const int IdSize = 64;

    private const int ShortIdSize = 8;
    private const int MostSockets = 8;

    private static readonly SourceCodes Codes =
        new(PlatformCodes.ChipIdMissing, PlatformCodes.ChipIdUnreadable, PlatformCodes.ChipIdMalformed);

    public static IReadOnlyList<string>? Read(ISecurityProcessor processor, bool sevIsOn, List<PlatformFinding> findings)
    {
        if (processor.IsDevice && !sevIsOn)
            return null;
        Source<IReadOnlyList<string>> ids = processor.Ask(SevCommand.GetId2).Then(Parse);
        if (ids.IsFound)
            return ids.Value;
        if (ids.State != SourceState.Missing || sevIsOn)
            findings.Add(Codes.Finding(ids, processor.Subject(SevCommand.GetId2)));
        return null;
    }

    /// <summary>A socket without a processor has zeros.</summary>
    internal static Source<IReadOnlyList<string>> Parse(byte[] bytes)
    {
        if (bytes.Length is 0 or > MostSockets * IdSize || (bytes.Length % IdSize != 0 && bytes.Length != ShortIdSize))
            return Source<IReadOnlyList<string>>.Malformed($"expected {IdSize} bytes a socket, found {bytes.Length}");
        byte[] padded = bytes.Length == ShortIdSize ? [.. bytes, .. new byte[IdSize - ShortIdSize]] : bytes;
        string[] ids = [.. padded.Chunk(IdSize).Where(id => id.AsSpan().ContainsAnyExcept((byte)0)).Select(Convert.ToHexStringLower)];
        return ids.Distinct(StringComparer.Ordinal).Count() != ids.Length ? Source<IReadOnlyList<string>>.Malformed("two sockets have the same id")
            : ids.Length == 0 ? Source<IReadOnlyList<string>>.Malformed("all ids are zero")
            : Source<IReadOnlyList<string>>.Found(ids);
    }
}
