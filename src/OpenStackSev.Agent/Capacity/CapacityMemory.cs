using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenStackSev.Agent.Capacity;

/// <summary>What one round leaves to the next, also across restarts and <c>--once</c> runs.</summary>
/// <param name="ForeignGuests">Counted, not yet or already confirmed.</param>
/// <param name="LastWritten">The change that was written last, as text; null after a round without one.</param>
/// <param name="Repeats">How often in a row the same change had to be written again.</param>
/// <param name="QuietRounds">Rounds without a change since.</param>
public sealed record CapacityMemory(ForeignGuestCount ForeignGuests, string? LastWritten, int Repeats, int QuietRounds)
{
    /// <summary>A change that comes back after a longer quiet has another cause than a writer who works against us.</summary>
    private const int LongestQuiet = 10;

    public static CapacityMemory Empty { get; } = new(ForeignGuestCount.Unknown, null, 0, 0);

    /// <summary>The memory after a round that had to write <paramref name="changes"/>.</summary>
    public CapacityMemory After(ForeignGuestCount foreign, ProviderChanges changes)
    {
        if (changes.IsEmpty)
        {
            return QuietRounds < LongestQuiet
                ? this with { ForeignGuests = foreign, QuietRounds = LastWritten is null ? 0 : QuietRounds + 1 }
                : new CapacityMemory(foreign, null, 0, 0);
        }

        string written = string.Join('\n', changes.Describe());
        return new CapacityMemory(foreign, written, written == LastWritten ? Repeats + 1 : 0, 0);
    }
}

/// <summary>The agent's state folder: one lock, so that one agent speaks for a node, and the memory between rounds.</summary>
public sealed class CapacityStateFolder : IDisposable
{
    private const int MaximumFileBytes = 64 * 1024;
    private const int LockIsHeld = 11; // EAGAIN, from flock
    private readonly string memoryFile;
    private readonly FileStream? nodeLock;
    private CapacityMemory? saved;

    private CapacityStateFolder(string folder, FileStream? nodeLock)
    {
        memoryFile = Path.Join(folder, "capacity.json");
        this.nodeLock = nodeLock;
    }

    /// <exception cref="StateFolderException">The folder cannot be written, or another agent holds it.</exception>
    public static CapacityStateFolder Open(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            string file = Path.Join(folder, "lock");
            return new CapacityStateFolder(folder, new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e.HResult == LockIsHeld)
        {
            throw new StateFolderException($"another agent holds state folder {folder}",
                "wait for it or stop it; another node's agent needs a folder of its own by [DEFAULT] state_dir", isBusy: true, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StateFolderException($"state folder {folder} cannot be used: {e.Message}",
                "give it to the agent's user, or set [DEFAULT] state_dir", isBusy: false, e);
        }
    }

    /// <summary>For a dry run beside a running agent: takes no lock, makes nothing, saves nothing.</summary>
    public static CapacityStateFolder OpenToRead(string folder) => new(folder, null);

    /// <summary>What was remembered; empty when there is nothing or it cannot be read, which costs one round of confirmation.</summary>
    public CapacityMemory Read()
    {
        try
        {
            if (new FileInfo(memoryFile) is { Exists: true, Length: <= MaximumFileBytes })
            {
                saved = JsonSerializer.Deserialize(File.ReadAllBytes(memoryFile), CapacityMemoryJson.Default.CapacityMemory);
                return saved is { ForeignGuests: not null } ? saved : CapacityMemory.Empty;
            }
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            saved = null;
        }

        return CapacityMemory.Empty;
    }

    /// <summary>Writes beside and renames, so that a crash leaves the old memory or the new one; nothing when nothing changed.</summary>
    /// <returns>Why it could not be saved; null when it was. Capacity does not depend on it, so this stops nothing.</returns>
    public string? Save(CapacityMemory memory)
    {
        if (memory == saved || nodeLock is null)
            return null;
        try
        {
            string beside = memoryFile + ".new";
            File.WriteAllBytes(beside, JsonSerializer.SerializeToUtf8Bytes(memory, CapacityMemoryJson.Default.CapacityMemory));
            File.Move(beside, memoryFile, overwrite: true);
            saved = memory;
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    public void Dispose() => nodeLock?.Dispose();
}

/// <summary>The state folder cannot be used.</summary>
/// <param name="isBusy">True when another agent holds it, which may pass.</param>
public sealed class StateFolderException(string message, string hint, bool isBusy, Exception inner) : Exception(message, inner)
{
    public string Hint { get; } = hint;
    public bool IsBusy { get; } = isBusy;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CapacityMemory))]
internal sealed partial class CapacityMemoryJson : JsonSerializerContext;
