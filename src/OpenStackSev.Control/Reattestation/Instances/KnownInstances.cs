using System.Collections.Concurrent;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Control.Reattestation.Instances;

/// <summary>Instances by their UUID: from the table, and from Nova when the sweep has not seen one yet or a host may have changed.</summary>
/// <remarks>Nova is asked once for all who wait for the same instance, of few instances at a time, and its word is remembered for a while.</remarks>
internal sealed class KnownInstances(InstanceStates states, NovaInstance nova, ReattestationOptions options, TimeProvider time) : IDisposable
{
    /// <summary>How long it is believed that an instance is none of ours. One is made, or resized, in more time.</summary>
    public static readonly TimeSpan AbsenceTime = TimeSpan.FromMinutes(1);

    /// <summary>How long what Nova said of one that is not in the table is taken for the same.</summary>
    public static readonly TimeSpan PresenceTime = TimeSpan.FromSeconds(10);

    private const int MostRemembered = 20_000;
    private const int MostQuestions = 16;

    private readonly ConcurrentDictionary<Guid, Word> words = new();
    private readonly ConcurrentDictionary<Guid, Lazy<Task<Word>>> asking = new();
    private readonly SemaphoreSlim questions = new(MostQuestions, MostQuestions);

    /// <summary>An instance that asks for memory encryption; null for any other, and for none.</summary>
    /// <exception cref="OpenStackApiException">It is not in the table, and Nova cannot be asked.</exception>
    /// <exception cref="TimeoutException">Nova does not say in time.</exception>
    /// <exception cref="Persistence.StorageException">The table cannot be read.</exception>
    public async Task<InstanceState?> FindAsync(Guid instance, CancellationToken ct)
    {
        InstanceState? known = await states.FindAsync(instance, ct);
        if (known is { GoneAt: null })
            return known;
        if (words.TryGetValue(instance, out Word? word) && word.Until > time.GetUtcNow() && word.State?.Version == (word.State is null ? null : known?.Version ?? 0))
            return word.State;
        return (await AskAsync(instance, known, ct)).State;
    }

    /// <summary>An instance where Nova has it now; null when it is where it was.</summary>
    /// <remarks>
    /// Nova is asked again only after <see cref="PresenceTime"/>: evidence of a wrong chip must not become a request each. What it said before the
    /// sweep saw a move is no word about one: the chip of the host that was left would count again.
    /// </remarks>
    public async Task<InstanceState?> AgainAsync(InstanceState known, CancellationToken ct)
    {
        Word word = words.TryGetValue(known.Instance, out Word? remembered) && remembered.Until > time.GetUtcNow() && remembered.IsSince(known)
            ? remembered
            : await AskAsync(known.Instance, known, ct);
        return word.State is not { } said || !word.IsSince(known) || said.Node == known.Node ? null
            : known with { Node = said.Node, HostName = said.HostName, Status = said.Status, SeenAt = said.SeenAt };
    }

    public void Dispose() => questions.Dispose();

    private Task<Word> AskAsync(Guid instance, InstanceState? known, CancellationToken ct) =>
        asking.GetOrAdd(instance, id => new Lazy<Task<Word>>(() => AskNovaAsync(id, known))).Value
            .WaitAsync(options.NovaWait, time, ct);

    private async Task<Word> AskNovaAsync(Guid instance, InstanceState? known)
    {
        // Not on the caller's own thread, since whoever comes meanwhile must find this question.
        await Task.Yield();
        try
        {
            await questions.WaitAsync();
            try
            {
                InstanceState? said = await nova.AskAsync(instance, known, CancellationToken.None);
                if (words.Count >= MostRemembered)
                    words.Clear();
                return words[instance] = new Word(said, known?.Node, known?.HostName, time.GetUtcNow() + (said is null ? AbsenceTime : PresenceTime));
            }
            finally
            {
                questions.Release();
            }
        }
        finally
        {
            asking.TryRemove(instance, out _);
        }
    }

    /// <param name="State">What Nova said.</param>
    /// <param name="Node">Where the table had it when Nova was asked, and by which name.</param>
    private sealed record Word(InstanceState? State, Guid? Node, string? HostName, DateTimeOffset Until)
    {
        /// <summary>The table has it on no other host than when Nova was asked.</summary>
        public bool IsSince(InstanceState known) => known.Node == Node && known.HostName == HostName;
    }
}
