using System.Buffers.Binary;

namespace OpenStackSev.Platform;

/// <summary>GET_ID2: asked of <c>/dev/sev</c> on this machine, read from a file in a folder.</summary>
/// <remarks>
/// Source: AMD 55766 "GET_ID": the ids of all sockets, one after the other; Linux <c>struct sev_user_data_get_id2</c>. The id of a
/// socket is CHIP_ID of a report: 64 bytes, of which Zen 5 uses 8.
/// </remarks>
internal static class ChipIdSource
{
    public const int IdSize = 64;

    private const string FolderFile = "dev/sev.get_id2";
    private const int ShortIdSize = 8;
    private const int MostSockets = 8;

    private static readonly SourceCodes Codes =
        new(PlatformCodes.ChipIdMissing, PlatformCodes.ChipIdUnreadable, PlatformCodes.ChipIdMalformed);

    public static IReadOnlyList<string>? Read(SourceFolder folder, bool sevIsOn, List<PlatformFinding> findings)
    {
        if (folder.IsMachine && !sevIsOn)
            return null;
        string path = folder.Path(folder.IsMachine ? "dev/sev" : FolderFile);
        Source<IReadOnlyList<string>> ids = (folder.IsMachine ? Ask(path) : SourceFolder.ReadBytes(path, SourceFolder.TextLimit)).Then(Parse);
        if (ids.IsFound)
            return ids.Value;
        if (ids.State != SourceState.Missing || sevIsOn)
            findings.Add(Codes.Finding(ids, path));
        return null;
    }

    private static unsafe Source<byte[]> Ask(string path)
    {
        byte[] ids = new byte[MostSockets * IdSize], structure = new byte[12];
        fixed (byte* address = ids)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(structure, (ulong)address);
            BinaryPrimitives.WriteUInt32LittleEndian(structure.AsSpan(8), (uint)ids.Length);
            return SevDevice.Issue(path, SevDevice.GetId2, structure).Then(answer =>
            {
                uint length = BinaryPrimitives.ReadUInt32LittleEndian(answer.AsSpan(8));
                return length <= ids.Length ? Source<byte[]>.Found(ids[..(int)length]) : Source<byte[]>.Malformed($"the ids have {length} bytes");
            });
        }
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
