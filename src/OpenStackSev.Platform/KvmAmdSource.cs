using System.Globalization;

namespace OpenStackSev.Platform;

/// <summary>Parameters of the loaded kvm_amd module.</summary>
/// <remarks>One bad parameter makes all of them null: with ciphertext hiding unknown, for one, the others would oversell SEV-ES.</remarks>
internal static class KvmAmdSource
{
    private const string Folder = "sys/module/kvm_amd/parameters";
    private static readonly SourceCodes Codes = new(PlatformCodes.KvmAmdMissing, PlatformCodes.KvmAmdUnreadable, PlatformCodes.KvmAmdMalformed);

    public static KvmAmdParameters? Read(SourceFolder folder, List<PlatformFinding> findings)
    {
        string path = folder.Path(Folder);
        Source<FileType> type = SourceFolder.TypeOf(path);
        if (type.IsFound && type.Value != FileType.Directory)
            type = Source<FileType>.Unreadable($"expected a folder, found {SourceFolder.Describe(type.Value)}");
        if (!type.IsFound)
        {
            findings.Add(type.State == SourceState.Missing
                ? new(PlatformCodes.KvmAmdMissing, path, "not there; the module kvm_amd is not loaded")
                : Codes.Finding(type, path));
            return null;
        }

        int before = findings.Count;
        bool? sev = Parameter(path, "sev", ParseSwitch, findings);
        bool? sevEs = Parameter(path, "sev_es", ParseSwitch, findings);
        bool? sevSnp = Parameter(path, "sev_snp", ParseSwitch, findings);
        uint? hidden = Parameter(path, "ciphertext_hiding_asids", ParseNumber, findings);
        return findings.Count == before ? new KvmAmdParameters(sev, sevEs, sevSnp, hidden) : null;
    }

    private static T? Parameter<T>(string folder, string name, Func<string, Source<T>> parse, List<PlatformFinding> findings)
        where T : struct
    {
        string path = $"{folder}/{name}";
        Source<T> value = SourceFolder.ReadText(path).Then(parse);
        if (value.IsFound)
            return value.Value;
        if (value.State != SourceState.Missing)    // an older kernel
            findings.Add(Codes.Finding(value, path));
        return null;
    }

    // Y and N of bool parameters, 1 and 0 of the int ones that they were before Linux 5.13.
    internal static Source<bool> ParseSwitch(string text) => text.TrimEnd('\n') switch
    {
        "Y" or "1" => Source<bool>.Found(true),
        "N" or "0" => Source<bool>.Found(false),
        _ => Source<bool>.Malformed("expected Y, N, 1 or 0"),
    };

    // The line end tells 99 from the half of 99.
    internal static Source<uint> ParseNumber(string text) =>
        text.EndsWith('\n') && uint.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out uint number)
            ? Source<uint>.Found(number)
            : Source<uint>.Malformed($"expected a number up to {uint.MaxValue} and a line end");
}
