// A button and the panel it opens. Escape and a click elsewhere close it.

import { useEffect, useId, useRef, type ReactNode } from 'react';

interface Props {
  open: boolean;
  onToggle(open: boolean): void;
  label: ReactNode;
  primary: boolean;
  children: ReactNode;
}

export function Popover({ open, onToggle, label, primary, children }: Props) {
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const panel = useId();

  useEffect(() => {
    if (!open) return undefined;
    const onPointer = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) onToggle(false);
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      onToggle(false);
      button.current?.focus();
    };
    document.addEventListener('pointerdown', onPointer);
    document.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('pointerdown', onPointer);
      document.removeEventListener('keydown', onKey);
    };
  }, [open, onToggle]);

  return (
    <div className="popover" ref={root}>
      <button
        ref={button}
        type="button"
        className={primary ? 'button primary' : 'button'}
        aria-expanded={open}
        aria-controls={panel}
        onClick={() => onToggle(!open)}
      >
        {label}
      </button>
      {open && (
        <div id={panel} className="popover-panel">
          {children}
        </div>
      )}
    </div>
  );
}
