using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenStackSev.Agent.Control;

/// <summary>When the control plane last spoke to this agent, and how long its word holds; also across restarts.</summary>
/// <remarks>
/// Kept in the state folder, so that an agent which crashes and starts again and again does not begin a new proof lifetime each time. While
/// the agent runs the monotonic clock counts; the wall clock only bridges restarts, and a last word from the future is none. What cannot be read
/// counts as silence of a whole lifetime: wrongly ended trust comes back with the control plane's next round, wrongly kept trust does not end.
/// </remarks>
public sealed class LastWord
{
    /// <summary>Until the control plane has said how long its word holds.</summary>
    public static readonly TimeSpan UsualProofLifetime = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan ShortestLifetime = TimeSpan.FromMinutes(1), LongestLifetime = TimeSpan.FromDays(1);

    /// <summary>A word that is younger need not be written down: after a restart it counts as that much older.</summary>
    private static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(15);

    private const int MaximumFileBytes = 4096;

    private readonly Lock gate = new();
    private readonly string file;
    private readonly TimeProvider time;
    private TimeSpan silenceThen;
    private long countedSince;
    private long? savedAt;
    private Guid? node;
    private TimeSpan proofLifetime = UsualProofLifetime;
    private string? problem;

    private LastWord(string file, TimeProvider time) => (this.file, this.time, countedSince) = (file, time, time.GetTimestamp());

    /// <summary>The node that it is about; null until it is known.</summary>
    public Guid? Node => Locked(() => node);

    public TimeSpan ProofLifetime => Locked(() => proofLifetime);

    /// <summary>Why it could not be written down when last tried; null when it was.</summary>
    public string? Problem => Locked(() => problem);

    /// <summary>How long the last word still holds; zero or less when it does not.</summary>
    public TimeSpan Remaining => Locked(() => proofLifetime - Silence);

    private TimeSpan Silence => silenceThen + time.GetElapsedTime(countedSince);

    /// <param name="stateFolder">The agent's, which it holds.</param>
    public static LastWord Open(string stateFolder, TimeProvider time)
    {
        var word = new LastWord(Path.Join(stateFolder, "control.json"), time);
        word.Read();
        return word;
    }

    /// <summary>The node has a name in Placement, before the control plane has said anything.</summary>
    public void IsAbout(Guid named)
    {
        lock (gate)
        {
            if (node == named)
                return;
            node = named;
            Save();
        }
    }

    /// <summary>The control plane answered just now.</summary>
    /// <param name="lifetime">As it says; taken from one minute to one day.</param>
    public void Heard(Guid named, TimeSpan lifetime)
    {
        lifetime = lifetime < ShortestLifetime ? ShortestLifetime : lifetime > LongestLifetime ? LongestLifetime : lifetime;
        lock (gate)
        {
            bool changed = node != named || proofLifetime != lifetime;
            (node, proofLifetime, silenceThen, countedSince) = (named, lifetime, TimeSpan.Zero, time.GetTimestamp());
            if (changed || problem is not null || savedAt is not { } saved || time.GetElapsedTime(saved) >= SaveInterval)
                Save();
        }
    }

    private T Locked<T>(Func<T> read)
    {
        lock (gate)
            return read();
    }

    private void Read()
    {
        try
        {
            FileInfo stored = new(file);
            if (!stored.Exists)
            {
                Save();
                silenceThen = problem is null ? TimeSpan.Zero : proofLifetime;
                return;
            }

            if (stored.Length <= MaximumFileBytes && JsonSerializer.Deserialize(File.ReadAllBytes(file), LastWordJson.Default.StoredWord) is { } word)
            {
                node = word.Node;
                TimeSpan lifetime = TimeSpan.FromSeconds(Math.Clamp(word.ProofLifetime, (int)ShortestLifetime.TotalSeconds, (int)LongestLifetime.TotalSeconds));
                TimeSpan silence = time.GetUtcNow() - word.Heard;
                (proofLifetime, silenceThen) = (lifetime, silence >= TimeSpan.Zero ? silence : lifetime);
                return;
            }
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            // as below
        }

        silenceThen = proofLifetime;
    }

    // Beside and renamed, so that a crash leaves the old word or the new one.
    private void Save()
    {
        try
        {
            string beside = file + ".new";
            DateTimeOffset heard = time.GetUtcNow() - Silence;
            File.WriteAllBytes(beside, JsonSerializer.SerializeToUtf8Bytes(
                new StoredWord(node, heard, (int)proofLifetime.TotalSeconds), LastWordJson.Default.StoredWord));
            File.Move(beside, file, overwrite: true);
            (problem, savedAt) = (null, time.GetTimestamp());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = e.Message;
        }
    }
}

/// <param name="ProofLifetime">Seconds.</param>
internal sealed record StoredWord(Guid? Node, DateTimeOffset Heard, int ProofLifetime);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StoredWord))]
internal sealed partial class LastWordJson : JsonSerializerContext;
