using System.Text;
using OpenStackSev.Guest.Reports;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Guest.Tests.Fakes;

/// <summary>configfs-tsm as the kernel has it: counts writes, refuses what it refuses, takes an entry away with its attributes.</summary>
internal sealed class FakeConfigfs : ITsmFiles
{
    private const int TooLarge = 27;

    private readonly Dictionary<string, Entry> entries = new(StringComparer.Ordinal);
    private readonly Queue<(string Attribute, int Error)> refusals = [];

    public SimulatedSecurityProcessor Processor { get; } = new(Given.Authority);
    public string Provider { get; set; } = "sev_guest\n";
    public string Floor { get; set; } = "0\n";
    public byte[] Certificates { get; set; } = [1, 2, 3];

    /// <summary>Null for the processor's.</summary>
    public byte[]? Report { get; set; }

    /// <summary>False for a kernel that has the interface and no security processor.</summary>
    public bool HasProvider { get; set; } = true;

    public bool IsThere { get; set; } = true;
    public bool IsSimulated { get; set; }

    /// <summary>Runs before each read of the attribute: what another process does just then.</summary>
    public Action<string, string>? BeforeRead { get; set; }

    public int Made { get; private set; }

    public IReadOnlyList<string> Entries() => [.. entries.Keys];

    /// <summary>The next calls on the attribute answer the error; a write that is refused is counted, as the kernel does.</summary>
    public void Refuse(string attribute, int error, int times = 1)
    {
        for (int i = 0; i < times; i++)
            refusals.Enqueue((attribute, error));
    }

    public int MakeEntry(string entry)
    {
        if (!HasProvider)
            return Errno.NoDevice;
        Made++;
        return entries.TryAdd(entry, new Entry()) ? 0 : Errno.Exists;
    }

    public int RemoveEntry(string entry) => entries.Remove(entry) ? 0 : Errno.NoEntry;

    public int Write(string entry, string attribute, ReadOnlySpan<byte> content)
    {
        if (!entries.TryGetValue(entry, out Entry? written))
            return Errno.NoEntry;
        written.Generation++;
        if (Refused(attribute) is > 0 and int error)
            return error;
        if (attribute == "privlevel")
            return int.TryParse(Encoding.ASCII.GetString(content), out int level) && level >= int.Parse(Floor) && level <= 3 ? SetLevel(written, level) : Errno.Invalid;
        written.Inblob = content.Length <= 64 ? content.ToArray() : [];
        return content.Length <= 64 ? 0 : TooLarge;
    }

    public int Read(string entry, string attribute, int longest, out byte[] content)
    {
        BeforeRead?.Invoke(entry, attribute);
        content = [];
        if (!entries.TryGetValue(entry, out Entry? read))
            return Errno.NoEntry;
        if (Refused(attribute) is > 0 and int error)
            return error;
        if (attribute is "outblob" or "auxblob" && (read.Inblob.Length == 0 || read.Level < int.Parse(Floor)))
            return Errno.Invalid;
        byte[] all = attribute switch
        {
            "provider" => Encoding.ASCII.GetBytes(Provider),
            "generation" => Encoding.ASCII.GetBytes($"{read.Generation}\n"),
            "privlevel_floor" => Encoding.ASCII.GetBytes(Floor),
            "outblob" => Report ?? Processor.Report(Processor.Fields with { ReportData = read.Inblob, Vmpl = (uint)read.Level }),
            "auxblob" => Certificates,
            _ => [],
        };
        content = all[..Math.Min(longest, all.Length)];
        return 0;
    }

    private static int SetLevel(Entry entry, int level)
    {
        entry.Level = level;
        return 0;
    }

    private int Refused(string attribute)
    {
        if (!refusals.TryPeek(out (string Attribute, int Error) next) || next.Attribute != attribute)
            return 0;
        refusals.Dequeue();
        return next.Error;
    }

    private sealed class Entry
    {
        public int Generation { get; set; }
        public int Level { get; set; }
        public byte[] Inblob { get; set; } = [];
    }
}
