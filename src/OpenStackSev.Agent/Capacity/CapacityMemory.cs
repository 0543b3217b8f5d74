using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenStackSev.Agent.Capacity;

/// <summary>What one round leaves to the next, also across restarts and <c>--once</c> runs.</summary>
/// <param name="ForeignGuests">Counted, not yet or already confirmed.</param>
/// <param name="LastWritten">The change that was written last, as text; null after a round without one.</param>
/// <param name="Repeats">How many rounds in a row had to write the same change again.</param>
public sealed record CapacityMemory(ForeignGuestCount ForeignGuests, string? LastWritten, int Repeats)
{
    public static CapacityMemory Empty { get; } = new(ForeignGuestCount.Unknown, null, 0);

    /// <summary>The memory after a round that had to write <paramref name="changes"/>.</summary>
    public CapacityMemory After(ForeignGuestCount foreign, ProviderChanges changes)
    {
        string? written = changes.IsEmpty ? null : string.Join('\n', changes.Describe());
        return new CapacityMemory(foreign, written, written is not null && written == LastWritten ? Repeats + 1 : 0);
    }
}

/// <summary>The agent's state folder: one lock, so that one agent speaks for a node, and the memory between rounds.</summary>
public sealed class CapacityStateFolder : IDisposable
{
    private const int MaximumFileBytes = 64 * 1024;
    private readonly string memoryFile;
    private readonly FileStream nodeLock;
    private CapacityMemory? saved;

    private CapacityStateFolder(string folder, FileStream nodeLock)
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
            string probe = Path.Join(folder, "lock");
            return new CapacityStateFolder(folder, new FileStream(probe, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StateFolderException($"state folder {folder} cannot be written: {e.Message}",
                "give it to the agent's user, or set [DEFAULT] state_dir", e);
        }
        catch (IOException e)
        {
            throw File.Exists(Path.Join(folder, "lock"))
                ? new StateFolderException($"another agent holds state folder {folder}",
                    "stop it, or give this one a folder of its own by [DEFAULT] state_dir", e)
                : new StateFolderException($"state folder {folder} cannot be made: {e.Message}", "set [DEFAULT] state_dir", e);
        }
    }

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
    public void Save(CapacityMemory memory)
    {
        if (memory == saved)
            return;
        string beside = memoryFile + ".new";
        File.WriteAllBytes(beside, JsonSerializer.SerializeToUtf8Bytes(memory, CapacityMemoryJson.Default.CapacityMemory));
        File.Move(beside, memoryFile, overwrite: true);
        saved = memory;
    }

    public void Dispose() => nodeLock.Dispose();
}

/// <summary>The state folder cannot be used.</summary>
public sealed class StateFolderException(string message, string hint, Exception inner) : Exception(message, inner)
{
    public string Hint { get; } = hint;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CapacityMemory))]
internal sealed partial class CapacityMemoryJson : JsonSerializerContext;
