namespace OpenStackSev.Control.Quarantine;

/// <summary>Tells those who judge hosts that a quarantine began, changed or ended.</summary>
internal sealed class QuarantineChanges
{
    private readonly Lock gate = new();
    private Action? told;

    /// <param name="listener">Runs on the thread of whoever wrote it: it must not wait, and must not throw.</param>
    public void Listen(Action listener)
    {
        lock (gate)
            told += listener;
    }

    public void Tell() => Volatile.Read(ref told)?.Invoke();
}
